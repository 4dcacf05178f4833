package vsphere

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"reflect"
	"strings"

	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// taskError is the fault a task ended with.
type taskError struct {
	fault types.BaseMethodFault
	text  string
}

func (e *taskError) Error() string {
	if e.text != "" {
		return e.text
	}
	return faultName(e.fault)
}

// faultOf is the server's fault in an error; nil when there is none.
func faultOf(err error) types.BaseMethodFault {
	var task *taskError
	if errors.As(err, &task) {
		return task.fault
	}
	var carrier interface{ Fault() types.BaseMethodFault }
	if errors.As(err, &carrier) {
		return carrier.Fault()
	}
	return nil
}

// notFound tells whether a call failed because an object that it named is gone.
func notFound(err error) bool {
	_, gone := faultOf(err).(*types.ManagedObjectNotFound)
	return gone
}

// faultText is what the server said in words; it often says nothing, or only the
// name of the fault's type.
func faultText(err error) string {
	text := ""
	var task *taskError
	switch {
	case errors.As(err, &task):
		text = task.text
	case soap.IsSoapFault(err):
		text = soap.ToSoapFault(err).String
	}
	if strings.HasPrefix(text, "*types.") {
		return ""
	}
	return strings.TrimSpace(text)
}

func faultName(f types.BaseMethodFault) string {
	return typeName(f)
}

// typeName is the API's name of a value's type.
func typeName(v any) string {
	if v == nil {
		return ""
	}
	t := reflect.TypeOf(v)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// failed is fail for a call of this connection; nil stays nil.
func (c *Conn) failed(ctx context.Context, doing, object string, err error) error {
	if err == nil {
		return nil
	}
	var done *backend.Error
	if errors.As(err, &done) {
		return done
	}
	if c.life.Err() != nil {
		return &backend.Error{Class: backend.ClassUnreachable, Doing: doing, Object: object, Message: "the connection was closed", Err: errors.Join(errClosed, err)}
	}
	e := fail(doing, object, err)
	if ctx.Err() == nil && e.Class == backend.ClassCancelled && faultOf(err) == nil {
		e.Class = backend.ClassUnreachable
	}
	return e
}

// fail classifies an error of any origin once.
func fail(doing, object string, err error) *backend.Error {
	var done *backend.Error
	if errors.As(err, &done) {
		return done
	}
	e := &backend.Error{Doing: doing, Object: object, Err: err, Class: backend.ClassOther}
	if f := faultOf(err); f != nil {
		e.Code = faultName(f)
		e.Class = classOfFault(e.Code, f)
		e.Message = faultWords(f, faultText(err))
		e.Remedy = remedyOf(f)
		return e
	}
	if soap.IsSoapFault(err) {
		e.Message = faultText(err)
		return e
	}
	var task *taskError
	if errors.As(err, &task) {
		e.Message = task.Error()
		return e
	}
	e.Class, e.Message = networkClass(err)
	return e
}

// networkClass is for errors without a fault: no valid answer came.
func networkClass(err error) (backend.Class, string) {
	var op *net.OpError
	var u *url.Error
	switch {
	case errors.Is(err, errQuiet):
		return backend.ClassUnreachable, errQuiet.Error()
	case errors.Is(err, context.Canceled):
		return backend.ClassCancelled, "cancelled"
	case errors.Is(err, context.DeadlineExceeded):
		return backend.ClassUnreachable, "the server did not answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return backend.ClassUnreachable, "the server closed the connection"
	case errors.As(err, &op), errors.As(err, &u):
		return backend.ClassUnreachable, innermost(err).Error()
	default:
		return backend.ClassUnreachable, "the server's answer can't be read: " + err.Error()
	}
}
