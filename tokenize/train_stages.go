package tokenize

func metaspaceWords() Splitter  { return WhitespaceSplit{} }
func metaspaceDecoder() Decoder { return Fuse{} }
