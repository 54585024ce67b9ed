// Package watchtest tests the page of -watch of a training program.
package watchtest

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// Page runs a program that trains without end, with the flag of its page, asks the page about the model and the run, and interrupts the
// program. kind and predicts are those of page.About. question, in JSON, is for the endpoint read; "" asks nothing.
func Page(t *testing.T, kind, predicts, question string, run func(flag string) error) {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	ended := make(chan error, 1)
	go func() { ended <- run("-watch=" + address) }()
	url := "http://" + address + "/api/v1/"
	var about struct{ Title, Kind, Predicts string }
	for !ask(t, url+"about", "", &about) {
		select {
		case err := <-ended:
			t.Fatalf("the program ended, error %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	if about.Kind != kind || about.Predicts != predicts || about.Title == "" {
		t.Errorf("got kind %q, which predicts %q, titled %q, want %q and %q", about.Kind, about.Predicts, about.Title, kind, predicts)
	}
	var log struct {
		Rows []struct{ Step int }
		Live bool
	}
	for len(log.Rows) < 3 && ask(t, url+"log", "", &log) {
		time.Sleep(10 * time.Millisecond)
	}
	if len(log.Rows) < 3 || !log.Live {
		t.Errorf("the log has %d steps, live %t", len(log.Rows), log.Live)
	}
	if question != "" {
		var a struct{ Error string }
		if !ask(t, url+"read", question, &a) || kind != "items" && !ask(t, url+"batch?step=2", "", &a) {
			t.Errorf("the model does not answer: %s", a.Error)
		}
	}
	p, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = p.Signal(os.Interrupt)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// ask decodes the answer to a question, and reports whether it is one. An empty question is a GET.
func ask(t *testing.T, url, question string, answer any) bool {
	t.Helper()
	var r *http.Response
	var err error
	if question == "" {
		r, err = http.Get(url)
	} else {
		r, err = http.Post(url, "application/json", strings.NewReader(question))
	}
	if err != nil {
		return false // the page is not open yet
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, answer); err != nil {
		t.Fatalf("%s: %v in %.200q", url, err, body)
	}
	return r.StatusCode == http.StatusOK
}
