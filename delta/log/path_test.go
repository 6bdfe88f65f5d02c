package log

import "testing"

// TestPathsAsTheReferenceWritesThem holds paths against what Delta 4.2 on Spark 4.1 wrote into its log
// for a partition column p with such values: its VACUUM looks for files by exactly these texts.
func TestPathsAsTheReferenceWritesThem(t *testing.T) {
	for path, want := range map[string]string{
		"p=plain/f":                  "p=plain/f",
		"p=é/f":                      "p=é/f",
		"p=中文😀\u0301\u00ad/f":        "p=中文😀\u0301\u00ad/f",
		"p=sp ace+&;,@$!~()-_./f":    "p=sp%20ace+&;,@$!~()-_./f",
		"p=a%2Fb%3Dc%25/f":           "p=a%252Fb%253Dc%2525/f",
		"p=<>|`}/f":                  "p=%3C%3E%7C%60%7D/f",
		"p=x\u0085\u00a0y/f":         "p=x%C2%85%C2%A0y/f",
		"p=\u1680\u2000\u200a/f":     "p=%E1%9A%80%E2%80%80%E2%80%8A/f",
		"p=\u2028\u2029\u202f/f":     "p=%E2%80%A8%E2%80%A9%E2%80%AF/f",
		"p=\u205f\u3000/f":           "p=%E2%81%9F%E3%80%80/f",
		"p=\u180e\u200b\ufeff/f":     "p=\u180e\u200b\ufeff/f",
		"p=\ue000\ufffd\U0010ffff/f": "p=\ue000\ufffd\U0010ffff/f",
		"a:b/c:d":                    "a%3Ab/c:d",
		"s3://bucket/a b:c":          "s3://bucket/a%20b:c",
		"\xff/f":                     "%FF/f",
	} {
		got := EncodePath(path)
		if got != want {
			t.Errorf("EncodePath(%q): got %q, want %q", path, got, want)
		}
		if back, err := DecodePath(got); err != nil || back != path {
			t.Errorf("DecodePath(%q): got %q, %v, want %q", got, back, err, path)
		}
	}
}
