// The demo's gRPC service in Go: greeter ADDRESS. Health and reflection beside the greeter.
package main

import (
	"context"
	"log"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	"proa.example/demo/greeter"
)

type server struct {
	greeter.UnimplementedGreeterServer
}

func (server) Greet(_ context.Context, request *greeter.GreetRequest) (*greeter.GreetReply, error) {
	return &greeter.GreetReply{Text: "Hello, " + request.Name + "!", Language: "Go"}, nil
}

func (server) Count(request *greeter.CountRequest, stream grpc.ServerStreamingServer[greeter.CountReply]) error {
	for number := int32(1); number <= request.To; number++ {
		if err := stream.Send(&greeter.CountReply{Number: number}); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	s := grpc.NewServer()
	greeter.RegisterGreeterServer(s, server{})
	grpc_health_v1.RegisterHealthServer(s, health.NewServer())
	reflection.Register(s)
	log.Fatal(s.Serve(listener))
}
