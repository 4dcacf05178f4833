// Package task runs operations in the background and remembers how they went.
//
// It promises that Start never blocks; that two operations on one object run in the
// order given, one at a time; that a connection has a bounded number of operations
// under way; that every operation has a deadline; that nothing is ever retried; and
// that an operation whose outcome is unknown is neither repeated nor followed by
// another on the same object until someone has looked.
//
// A task goes queued, running, then success, failed, cancelled or unknown. Tasks
// that the server reports for other clients are shown beside our own.
package task
