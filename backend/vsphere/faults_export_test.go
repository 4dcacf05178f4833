package vsphere

import "github.com/vmware/govmomi/vim25/types"

// FaultWords and FaultClass are for the tests.
func FaultWords(f types.BaseMethodFault, text string) string { return faultWords(f, text) }

// FaultClass is the name of a fault's class.
func FaultClass(f types.BaseMethodFault) string { return classOfFault(faultName(f), f).String() }
