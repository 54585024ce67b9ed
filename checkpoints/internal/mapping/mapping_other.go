//go:build !unix

package mapping

import (
	"os"

	"github.com/pkg/errors"
)

func whole(*os.File, int) ([]byte, error) {
	return nil, errors.New("files are not mapped on this system")
}
