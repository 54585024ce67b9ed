package tokenize

// addedReader collects the added tokens of a file by the rules of Parse.
type addedReader struct {
	model  Model
	list   []AddedToken
	byText map[string]int // index into list
	byID   map[int32]bool
	next   int32 // greater than all ids
}

func newAddedReader(m Model) *addedReader {
	return &addedReader{model: m, byText: map[string]int{}, byID: map[int32]bool{}, next: int32(m.VocabSize())}
}

func (r *addedReader) add(a AddedToken) {
	if a.Text == "" {
		return
	}
	if i, ok := r.byText[a.Text]; ok {
		a.ID, a.Special = r.list[i].ID, a.Special || r.list[i].Special
		r.list[i] = a
		return
	}
	if id, ok := r.model.TokenToID(a.Text); ok {
		a.ID = id
	} else if _, ok := r.model.IDToToken(a.ID); ok || r.byID[a.ID] {
		a.ID = r.next
	}
	r.byText[a.Text], r.byID[a.ID], r.next = len(r.list), true, max(r.next, a.ID+1)
	r.list = append(r.list, a)
}

// jsonAdded is an added token with its id.
type jsonAdded struct {
	ID int32 `json:"id"`
	jsonToken
}

// jsonToken is a token with its flags.
type jsonToken struct {
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
	Special    bool   `json:"special"`
}

func (t jsonToken) token(id int32) AddedToken {
	return AddedToken{ID: id, Text: t.Content, Special: t.Special, SingleWord: t.SingleWord, LeftStrip: t.LStrip, RightStrip: t.RStrip, Normalized: t.Normalized}
}

func (a AddedToken) json() jsonToken {
	return jsonToken{Content: a.Text, Special: a.Special, SingleWord: a.SingleWord, LStrip: a.LeftStrip, RStrip: a.RightStrip, Normalized: a.Normalized}
}
