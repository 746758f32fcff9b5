// Answers every request with how Go's net/http read it: method, target, body length.
// The address it listens on is its only line of output.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	panic(http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		size, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("x-view", fmt.Sprintf("%s %s %d", r.Method, r.RequestURI, size))
		w.WriteHeader(http.StatusOK)
	})))
}
