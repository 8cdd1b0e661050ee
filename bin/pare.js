#!/usr/bin/env node
// Starts the command line, or says clearly that this Node.js is too old for it. Written in the oldest syntax, since an old
// Node.js is what gets to read it; `require` of an ES module is there from Node.js 22.12 on.
'use strict';
var childProcess = require('child_process');
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

function start() {
  var built = path.join(root, 'dist', 'cli', 'main.js');
  require(fs.existsSync(built) ? built : path.join(root, 'src', 'cli', 'main.ts')).main();
}

function restart() {
  process.env.PARE_RESTARTED = '1';
  var child = childProcess.spawn(own, [__filename].concat(process.argv.slice(2)), { stdio: 'inherit' });
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
