//go:build !amd64 || purego

package kernel

func (s *strip) run() { panic("kernel: strip: no assembly for this processor") }

func packPanel([]float32, Matrix[float32], int, int) {}

func packRows([]float32, Matrix[float32], int, int) {}
