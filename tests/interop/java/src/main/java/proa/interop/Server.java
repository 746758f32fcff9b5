package proa.interop;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.File;
import java.net.InetSocketAddress;

/** The interop test service. Arguments: [CERT KEY]; prints its port as its only line. */
public final class Server {
  static final Metadata.Key<String> INITIAL = Metadata.Key.of("x-grpc-test-echo-initial", Metadata.ASCII_STRING_MARSHALLER);
  static final Metadata.Key<byte[]> TRAILING = Metadata.Key.of("x-grpc-test-echo-trailing-bin", Metadata.BINARY_BYTE_MARSHALLER);

  public static void main(String[] args) throws Exception {
    NettyServerBuilder builder = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
        .addService(new Service()).intercept(new EchoMetadata()).maxInboundMessageSize(64 << 20);
    if (args.length == 2) {
      builder.useTransportSecurity(new File(args[0]), new File(args[1]));
    }
    io.grpc.Server server = builder.build().start();
    System.out.println(server.getPort());
    server.awaitTermination();
  }

  /** Sends back the metadata that the test asks for. */
  static final class EchoMetadata implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      return Contexts.interceptCall(Context.current(), new SimpleForwardingServerCall<Q, A>(call) {
        @Override
        public void sendHeaders(Metadata out) {
          if (headers.containsKey(INITIAL)) out.put(INITIAL, headers.get(INITIAL));
          super.sendHeaders(out);
        }

        @Override
        public void close(Status status, Metadata trailers) {
          if (headers.containsKey(TRAILING)) trailers.put(TRAILING, headers.get(TRAILING));
          super.close(status, trailers);
        }
      }, headers, next);
    }
  }
}
