// Package report shows the progress of a run of package train: a bar or lines during the run, a CSV log that survives interruptions,
// and a plot of the log.
//
// The one idea: the log is the only record. It is written row by row and cut back if a run resumes from an earlier step. The plot
// needs only the log, so it can be drawn at any time, even after the run and by another program.
//
// Errors are returned, with the file's name and line. Output to the screen never fails.
package report
