package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
)

// shapes finds what the client library makes of each answer.
type shapes struct {
	types map[string]ast.Expr
	// sizes are those of arrays that are given by a constant.
	sizes map[string]int
	err   error
}

// writeShapes writes the shape of each remote procedure's answer that has anything in it.
func writeShapes(w *strings.Builder, dir string) error {
	files := token.NewFileSet()
	consts, err := parser.ParseFile(files, filepath.Join(dir, "const.gen.go"), nil, 0)
	if err != nil {
		return err
	}
	protocol, err := parser.ParseFile(files, filepath.Join(dir, "remote_protocol.gen.go"), nil, 0)
	if err != nil {
		return err
	}
	s := &shapes{types: make(map[string]ast.Expr), sizes: make(map[string]int)}
	s.learn(consts)
	s.learn(protocol)
	w.WriteString("\n// answerShape is what the client library reads an answer to a procedure of remote_protocol.x as; see misfit.\n")
	w.WriteString("// \"\" when there is nothing in it.\nfunc answerShape(number uint32) string {\nswitch number {\n")
	found := 0
	for _, d := range protocol.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv == nil {
			continue
		}
		number := requested(f)
		shape := s.answer(f)
		if number == "" || shape == "" {
			continue
		}
		fmt.Fprintf(w, "case %s:\nreturn %q\n", number, shape)
		found++
	}
	w.WriteString("}\nreturn \"\"\n}\n")
	if found == 0 && s.err == nil {
		return fmt.Errorf("%s has no answers", dir)
	}
	return s.err
}

// learn notes the types and whole numbers that a file declares.
func (s *shapes) learn(f *ast.File) {
	ast.Inspect(f, func(n ast.Node) bool {
		switch d := n.(type) {
		case *ast.TypeSpec:
			s.types[d.Name.Name] = d.Type
		case *ast.ValueSpec:
			for i, v := range d.Values {
				if l, ok := ast.Unparen(v).(*ast.BasicLit); ok && l.Kind == token.INT {
					s.sizes[d.Names[i].Name], _ = strconv.Atoi(l.Value)
				}
			}
		}
		return true
	})
}

// requested is the number of the procedure that a method calls; "" when it calls none.
func requested(f *ast.FuncDecl) (number string) {
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if to, ok := call.Fun.(*ast.SelectorExpr); ok && to.Sel.Name == "requestStream" {
			number = call.Args[0].(*ast.BasicLit).Value
		}
		return true
	})
	return number
}

// answer is the shape of what a method returns: its results are read in their order.
func (s *shapes) answer(f *ast.FuncDecl) string {
	if f.Type.Results == nil {
		return ""
	}
	var all strings.Builder
	for _, r := range f.Type.Results.List {
		if name, ok := r.Type.(*ast.Ident); ok && name.Name == "error" {
			continue
		}
		all.WriteString(strings.Repeat(s.of(r.Type), len(r.Names)))
	}
	return all.String()
}

// of is the shape of a type.
func (s *shapes) of(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.Ident:
		return s.named(t.Name)
	case *ast.ArrayType:
		return s.array(t)
	case *ast.StructType:
		var all strings.Builder
		for _, f := range t.Fields.List {
			all.WriteString(strings.Repeat(s.of(f.Type), len(f.Names)))
		}
		return all.String()
	default:
		s.err = fmt.Errorf("a type of another kind: %T", t)
		return ""
	}
}

func (s *shapes) named(name string) string {
	switch name {
	case "bool", "int8", "uint8", "byte", "int16", "uint16", "int32", "uint32", "int", "uint", "float32":
		return "w"
	case "int64", "uint64", "float64":
		return "ww"
	case "string":
		return "s"
	case "TypedParam":
		return "t"
	}
	t, ok := s.types[name]
	if !ok {
		s.err = fmt.Errorf("the type %s is not known", name)
		return ""
	}
	return s.of(t)
}

func (s *shapes) array(t *ast.ArrayType) string {
	element, bytes := s.of(t.Elt), false
	if name, ok := t.Elt.(*ast.Ident); ok {
		bytes = name.Name == "byte" || name.Name == "uint8"
	}
	if t.Len == nil {
		if bytes {
			return "s"
		}
		return "[" + element + "]"
	}
	n := 0
	switch l := t.Len.(type) {
	case *ast.BasicLit:
		n, _ = strconv.Atoi(l.Value)
	case *ast.Ident:
		n = s.sizes[l.Name]
	}
	if n == 0 {
		s.err = fmt.Errorf("the length of an array is not known: %v", t.Len)
	}
	if bytes {
		n = (n + 3) / 4
	}
	return strings.Repeat(element, n)
}
