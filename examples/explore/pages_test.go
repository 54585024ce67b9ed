package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
)

// openPages is an environment variable: a number and the address of a run's page. The test binary then opens that many pages, as far as the
// server sees them, until its input ends.
const openPages = "EXPLORE_TEST_PAGES"

// follow opens pages: each follows the run, and reads the model again when it has new weights.
func follow(pages string) {
	number, url, _ := strings.Cut(pages, " ")
	n, _ := strconv.Atoi(number)
	for range n {
		go func() {
			a, err := http.Get(url + "/api/v1/events")
			if err != nil {
				return
			}
			defer a.Body.Close()
			read(url)
			for lines := bufio.NewScanner(a.Body); lines.Scan(); {
				if lines.Text() == "event: checkpoint" {
					read(url)
				}
			}
		}()
	}
	io.Copy(io.Discard, os.Stdin) // ends when the benchmark closes it
}

// read asks as the page does when there are new weights.
func read(url string) {
	const text = `"text":"The rays of light differ in colour","source":"","picture":0,"step":-1`
	for _, q := range [][2]string{
		{"about", ""}, {"tokens", `{"text":"The rays of light differ in colour"}`}, {"read", "{" + text + "}"},
		{"words", `{"search":"","id":-1,"other":-1,"first":0,"step":-1,"nearest":12}`}, {"next", "{" + text + `,"place":-1,"temperature":1}`},
	} {
		a, err := http.Get(url + "/api/v1/about")
		if q[1] != "" {
			a, err = http.Post(url+"/api/v1/"+q[0], "application/json", strings.NewReader(q[1]))
		}
		if err == nil {
			io.Copy(io.Discard, a.Body)
			a.Body.Close()
		}
	}
}
