#!/usr/bin/env node
// Starts the command line, or says clearly that this Node.js is too old for it. Written in the oldest syntax, since an old
// Node.js is what gets to read it; `require` of an ES module is there from Node.js 22.12 on.
'use strict';
var fs = require('fs');
var path = require('path');

var NEEDED = [24, 15];
var root = path.join(__dirname, '..');
/** A clone of the project brings a recent Node.js as a development dependency. */
var own = path.join(root, 'node_modules', '.bin', 'node');

function recentEnough(version) {
  var parts = version.replace(/^v/, '').split('.').map(Number);
  return parts[0] > NEEDED[0] || (parts[0] === NEEDED[0] && parts[1] >= NEEDED[1]);
}

// The newest change below a directory of sources, in milliseconds.
function newest(directory) {
  return fs.readdirSync(directory, { withFileTypes: true }).reduce(function (latest, entry) {
    var at = path.join(directory, entry.name);
    return Math.max(latest, entry.isDirectory() ? newest(at) : fs.statSync(at).mtimeMs);
  }, 0);
}

// A clone that was built and then changed runs its sources; an installed package has none. Looking through all of them takes
// as long as answering what depends on none of them, or on the table of verbs alone.
function entry() {
  var built = path.join(root, 'dist', 'cli', 'main.js');
  var sources = path.join(root, 'src');
  var isBuilt = fs.existsSync(built);
  if (isBuilt && (!fs.existsSync(sources) || fs.statSync(built).mtimeMs > concerned(sources))) return built;
  return path.join(sources, 'cli', 'main.ts');
}

// When what the command line depends on has changed last, in milliseconds.
function concerned(sources) {
  if (process.argv[2] === '--version') return 0;
  if (process.argv[2] === '--help') return fs.statSync(path.join(sources, 'cli', 'commands.ts')).mtimeMs;
  return newest(sources);
}

// Compiled code is kept from run to run, in a directory that belongs to the user.
function keepCompiledCode() {
  var caches = process.env.XDG_CACHE_HOME || (process.env.HOME && path.join(process.env.HOME, '.cache'));
  if (caches) require('module').enableCompileCache(path.join(caches, 'pare', 'compiled'));
}

function start() {
  keepCompiledCode();
  require(entry()).main();
}

function restart() {
  process.env.PARE_RESTARTED = '1';
  // Here, since it takes 5 ms to load.
  var child = require('child_process').spawn(own, [__filename].concat(process.argv.slice(2)), { stdio: 'inherit' });
  ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'].forEach(function (signal) {
    process.on(signal, function () {
      child.kill(signal);
    });
  });
  child.on('error', sayTooOld);
  child.on('exit', function (code, signal) {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function sayTooOld() {
  console.error(
    'pare: needs Node.js ' + NEEDED.join('.') + ' or newer; this is ' + process.version + ', ' + process.execPath,
  );
  console.error('  hint: install a newer Node.js (from nodejs.org, or with your version manager) and run pare again');
  process.exit(3);
}

if (recentEnough(process.version)) start();
else if (fs.existsSync(own) && process.env.PARE_RESTARTED === undefined) restart();
else sayTooOld();
