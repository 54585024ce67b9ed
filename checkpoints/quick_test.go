package checkpoints_test

import (
	"os"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/quick"
)

func TestMain(m *testing.M) { os.Exit(quick.Main(m)) }
