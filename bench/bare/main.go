// Command bare is the least that a Bubble Tea program with a table can be: what the
// console is measured against.
package main

import (
	"flag"
	"fmt"
	"os"

	"charm.land/bubbles/v2/table"
	tea "charm.land/bubbletea/v2"
)

type model struct{ table table.Model }

// Init implements tea.Model.
func (m model) Init() tea.Cmd { return nil }

// Update implements tea.Model.
func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.table.SetWidth(msg.Width)
		m.table.SetHeight(msg.Height - 2)
	case tea.KeyPressMsg:
		if msg.String() == "q" {
			return m, tea.Quit
		}
	}
	var cmd tea.Cmd
	m.table, cmd = m.table.Update(msg)
	return m, cmd
}

// View implements tea.Model.
func (m model) View() tea.View {
	v := tea.NewView(m.table.View())
	v.AltScreen = true
	return v
}

func main() {
	fps := flag.Int("fps", 60, "frames a second")
	n := flag.Int("rows", 10000, "rows")
	flag.Parse()
	rows := make([]table.Row, *n)
	for i := range rows {
		rows[i] = table.Row{fmt.Sprintf("web-%05d", i), "running", "12%", "4.0G", fmt.Sprintf("10.0.%d.%d", i/250, i%250)}
	}
	t := table.New(
		table.WithColumns([]table.Column{
			{Title: "NAME", Width: 30}, {Title: "STATE", Width: 10}, {Title: "CPU", Width: 6}, {Title: "MEM", Width: 8}, {Title: "IP", Width: 16},
		}),
		table.WithRows(rows), table.WithFocused(true),
	)
	if _, err := tea.NewProgram(model{t}, tea.WithFPS(*fps)).Run(); err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}
