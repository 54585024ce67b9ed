// Package report shows how a run of package train goes: a bar or lines while it runs, a CSV log that outlasts interruptions, and
// a plot of the log.
//
// The one idea: the log is the only record. It is written row by row, cut back when a run resumes from an earlier step, and the
// plot is made from it and nothing else, at any time, also after the run or by another program.
//
// Errors come back to the caller, with the file's name and line. What only goes to the screen cannot fail.
package report
