package ovf

import (
	"cmp"
	"strings"
)

// product reads a ProductSection: a Category holds for the properties after it.
func (r *reader) product(n *node, owner string) {
	p := Product{Class: n.attr("class"), Instance: n.attr("instance"), System: owner,
		Name: r.words(n.child("Product")), Vendor: r.words(n.child("Vendor")),
		Version:    cmp.Or(n.child("FullVersion").text, n.child("Full-version").text, n.child("Version").text),
		ProductURL: n.child("ProductUrl").text, VendorURL: n.child("VendorUrl").text, AppURL: n.child("AppUrl").text}
	r.d.Products = append(r.d.Products, p)
	category := ""
	for _, k := range n.kids {
		switch k.name {
		case "Category":
			category = r.words(k)
		case "Property":
			r.seen["property named\x00"+k.attr("key")] = true
			r.seen["property named\x00"+fullKey(p.Class, k.attr("key"), p.Instance)] = true
			if r.applies(k) {
				r.property(k, p, category)
			}
		}
	}
}

func (r *reader) property(n *node, in Product, category string) {
	id := n.attr("key")
	p := Property{id: id, Key: fullKey(in.Class, id, in.Instance), System: in.System, Category: category,
		Label: r.words(n.child("Label")), About: r.words(n.child("Description")),
		Default: r.defaultOf(n), Settable: n.attr("userConfigurable") == "true" || n.attr("userConfigurable") == "1",
		Password: isTrue(n.attr("password")) || isTrue(n.attr("isPassword"))}
	if id == "" {
		r.fail(n, "a property has no key")
	} else {
		r.identity(n, "property", joined(in.System, p.Key))
	}
	if strings.ContainsAny(id, ".:") {
		r.warn(n, "the key of the property %q holds a dot or a colon, which the format forbids and servers take", id)
	}
	r.typed(n, &p)
	r.d.Properties = append(r.d.Properties, p)
}

func isTrue(s string) bool { return s == "true" || s == "1" }

func joined(system, key string) string {
	if system == "" {
		return key
	}
	return system + ": " + key
}

// fullKey is [class "."] id ["." instance]. Source: DSP0243 9.5.1.
func fullKey(class, id, instance string) string {
	if class != "" {
		id = class + "." + id
	}
	if instance != "" {
		id += "." + instance
	}
	return id
}

// defaultOf is the value for the deployment option, else the one without an option.
func (r *reader) defaultOf(n *node) string {
	general, found := n.lookup("value")
	for _, v := range n.children("Value") {
		option := v.attr("configuration")
		if option == "" {
			if !found {
				general, found = v.attr("value"), true
			}
			continue
		}
		if r.applies(v) {
			return v.attr("value")
		}
	}
	return general
}
