package kernel

// FewRows is the largest number of rows for which a product, and the largest number of new tokens for which attention with Past,
// computes every row as it computes the row alone: with the same bits. Generation relies on it when it checks several proposed tokens in
// one pass: see generate.Options.
const FewRows = 4
