/** What the names of directives tell, in lower case: conventions that most formats share. @module */

/** Reads further configuration in. */
export const READS_IN = /include|conf(?:ig)?(?:file|dir|_file|_dir)?$|^source/;
/** Loads a shared object. */
export const LOADS = /load|module|plugin|engine|driver|library/;
/** Names a file to be read. */
export const NAMES_FILE = /file|path|types|cert|dict|map|template/;
/** Names a directory of data; not that which says what is allowed in one. */
export const NAMES_DIRECTORY = /^(?!\/?directory).*(?:alias|dir|path|root)/;
/** Names the directory of all that is served. */
export const NAMES_ROOT = /^(?:root|documentroot|docroot|document-root|server\.document-root|webroot|htdocs)$/;
export const NAMES_USER = /^(?:user|username|runas|run_as|run-as|run_as_user|setuid|server\.username)$/;
export const NAMES_GROUP = /^(?:group|groupname|run_as_group|setgid|server\.groupname)$/;
