// Package page serves a web page on a model and its training: text becomes tokens, embeddings, positions, attention and a next token, and
// curves, sample texts and a slider over the checkpoints show how the model learns. Go serves JSON, the page is plain HTML, CSS and
// JavaScript, embedded. It needs no network.
//
//	server, err := page.Listen("localhost:0", page.Page{Run: "out/gpt", Inside: inside})
//	fmt.Println(server.URL)
//	defer server.Close()
//
// Package page knows no model: an Inside answers for it. Without one, the page shows the training alone.
//
// # Endpoints
//
// All answers are JSON; someone may build another page on them. An error is {"error": "…"} with status 400, 404 or 413. A body is at most
// 256 KiB. Step −1 means the newest weights. Arrays of numbers are plain, except that long ones are a [Numbers].
//
//	GET  /api/v1/about                     About
//	POST /api/v1/tokens      {text}        Tokens: how the tokenizer and others cut a text
//	POST /api/v1/read        Question      Reading: everything inside for one text
//	POST /api/v1/head        HeadQuestion  Head: q, k, v, scores and probabilities of one head
//	POST /api/v1/next        NextQuestion  Next: the next token with sampling, a hidden token, or the class
//	POST /api/v1/words       WordsQuestion Words: rows of the vocabulary, and the nearest to one
//	GET  /api/v1/map?step=N                Map: the vocabulary on a plane
//	GET  /api/v1/graph                     Graph of one text: scopes and operations with parameters, FLOPs, time and memory
//	GET  /api/v1/step                      Graph of a training step, if the process of the page trains
//	GET  /api/v1/log                       Log: all steps and evaluations so far
//	GET  /api/v1/batch?step=N              Batch: the texts of a step, with the loss of each token
//	GET  /api/v1/events                    server-sent events: "step", "evaluation", "sample", "checkpoint", "end"
//
// # Safety
//
// The server answers only requests whose Host is its own address or a name of this machine's loopback, so that no other site can read it
// through a rebound name. A Content-Security-Policy forbids all sources but the server. No path of a request reaches the file system:
// the files of the page are embedded and listed. Texts reach the page as data and never as HTML.
package page
