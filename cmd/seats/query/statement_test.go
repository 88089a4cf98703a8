package query

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStatementsEndAtSemicolonsOutsideTextsAndComments(t *testing.T) {
	for _, c := range []struct {
		text     string
		complete []string
		rest     string
	}{
		{"", nil, ""},
		{" \n ", nil, ""},
		{";;\n;", nil, ""},
		{"select 1", nil, "select 1"},
		{"select 1; select 2;\n", []string{"select 1;", "select 2;"}, ""},
		{"select 'a;b'; select 2", []string{"select 'a;b';"}, " select 2"},
		{"select 'it''s;'; x", []string{"select 'it''s;';"}, " x"},
		{`select "a;""b";`, []string{`select "a;""b";`}, ""},
		{"select 'a;\n", nil, "select 'a;\n"},
		{"-- no; end\nselect 1;", []string{"-- no; end\nselect 1;"}, ""},
		{"-- only; this", nil, ""},
		{"/* no; end */ select /* ; */ 1;", []string{"/* no; end */ select /* ; */ 1;"}, ""},
		{"/* goes on; ", nil, "/* goes on; "},
		{"select 1 - - 2;", []string{"select 1 - - 2;"}, ""},
		{"select $$a;b$$; select $t$;$$;$t$;", []string{"select $$a;b$$;", "select $t$;$$;$t$;"}, ""},
		{`select e'\';'; x`, []string{`select e'\';';`}, " x"},
		{`select name'\'; x`, []string{`select name'\';`}, " x"},
		{"-- see /* here;\n", nil, ""},
		{"-- see /* here\nselect 1;", []string{"-- see /* here\nselect 1;"}, ""},
		{"/* ended */ /* goes on;", nil, "/* goes on;"},
		{"/* one /* in ; */ another; */ select 1;", []string{"/* one /* in ; */ another; */ select 1;"}, ""},
		{"-- ended\rselect 1; x", []string{"-- ended\rselect 1;"}, " x"},
		{"select $t1$;$t1$; x", []string{"select $t1$;$t1$;"}, " x"},
		{"select 1 as a$$; select 2 as b$$;", []string{"select 1 as a$$;", "select 2 as b$$;"}, ""},
		{`select 1 as ée'\'; x`, []string{`select 1 as ée'\';`}, " x"},
		{`select 1e'\';'; x`, []string{`select 1e'\';';`}, " x"},
		{"select 'ü;ß'; select 'é';", []string{"select 'ü;ß';", "select 'é';"}, ""},
	} {
		complete, rest := statements(c.text)
		require.Equal(t, c.complete, complete, c.text)
		require.Equal(t, c.rest, rest, c.text)
	}
}

// Whatever is typed, no byte of a statement is lost or run twice.
func FuzzStatementsKeepEveryByte(f *testing.F) {
	for _, text := range []string{"select 1; select 'a;b'", "/* ; */ -- ;\n;", "select $a$;$a$;", `e'\';'`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		complete, rest := statements(text)
		again, open := statements(join(complete) + rest)
		require.Equal(t, len(complete), len(again))
		require.Equal(t, rest, open)
		for _, s := range complete {
			one, left := statements(s)
			require.Equal(t, []string{s}, one)
			require.Empty(t, left)
		}
	})
}

func join(complete []string) (text string) {
	for _, s := range complete {
		text += s
	}
	return text
}
