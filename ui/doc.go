// Package ui is the console: the root model, its layout, routes and overlays. It
// reads the store and starts tasks; it never calls a hypervisor.
//
// It promises that a key is answered without waiting for anything but the terminal,
// that a frame costs what is on the screen and not what is in the inventory, and that
// a change goes: store, notice, Update, View.
//
// Where things are: model.go what there is; update.go the table of routes; view.go
// and layout.go the frame; slots.go the panes of the stack; commands.go what the
// actions of the registry do here; act.go how an action on objects is asked about,
// confirmed and started; the widgets and kinds are in packages below.
package ui
