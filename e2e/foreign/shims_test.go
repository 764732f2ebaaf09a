package main

import "testing"

func TestAShimReplacesHelpersAndStructs(t *testing.T) {
	s := shim{interfaces: map[string]string{"impl": "Face"}, helpers: "package p\n\nfunc ready() bool { return true }\n"}
	of := &source{"p_test.go", []byte("package p\n\nfunc ready() bool {\n\treturn x.secret\n}\n\nfunc f() { g().(*impl).Do(2 * impl) }\n")}
	files, err := s.apply([]*source{of})
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	if want := "package p\n\n                   \n                \n \n\nfunc f() { g().(Face).Do(2 * impl) }\n"; string(of.text) != want {
		t.Errorf("the file is\n%q\nwant\n%q", of.text, want)
	}
	if _, err := s.apply([]*source{{"p_test.go", []byte("package p\n")}}); err == nil {
		t.Error("a helper that is in no test any more is no error")
	}
}
