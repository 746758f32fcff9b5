package proa.interop;

import static proa.interop.Service.payload;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.grpc.testing.integration.EmptyProtos.Empty;
import io.grpc.testing.integration.Messages.EchoStatus;
import io.grpc.testing.integration.Messages.ResponseParameters;
import io.grpc.testing.integration.Messages.SimpleRequest;
import io.grpc.testing.integration.Messages.StreamingInputCallRequest;
import io.grpc.testing.integration.Messages.StreamingInputCallResponse;
import io.grpc.testing.integration.Messages.StreamingOutputCallRequest;
import io.grpc.testing.integration.Messages.StreamingOutputCallResponse;
import io.grpc.testing.integration.TestServiceGrpc;
import io.grpc.testing.integration.TestServiceGrpc.TestServiceStub;
import io.grpc.testing.integration.UnimplementedServiceGrpc;
import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/** The interop test client. Arguments: PORT CASE [CA AUTHORITY]; exit code 0 if the case passes. */
public final class Client {
  private static final List<Integer> UP = List.of(27182, 8, 1828, 45904);
  private static final List<Integer> DOWN = List.of(31415, 9, 2653, 58979);
  private static final String SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \uD83D\uDE08\t\n";

  private final Channel channel;

  private Client(Channel channel) {
    this.channel = channel;
  }

  public static void main(String[] args) throws Exception {
    NettyChannelBuilder builder = NettyChannelBuilder.forAddress("127.0.0.1", Integer.parseInt(args[0])).maxInboundMessageSize(64 << 20);
    if (args.length == 4) {
      builder.sslContext(GrpcSslContexts.forClient().trustManager(new File(args[2])).build()).overrideAuthority(args[3]);
    } else {
      builder.usePlaintext();
    }
    ManagedChannel channel = builder.build();
    new Client(channel).run(args[1]);
    channel.shutdownNow();
    System.exit(0);
  }

  private void run(String name) throws Exception {
    switch (name) {
      case "empty_unary" -> check(blocking().emptyCall(Empty.getDefaultInstance()).equals(Empty.getDefaultInstance()), "empty");
      case "large_unary" -> check(blocking().unaryCall(SimpleRequest.newBuilder().setResponseSize(314159).setPayload(payload(271828)).build())
          .getPayload().getBody().size() == 314159, "size");
      case "client_streaming" -> clientStreaming();
      case "server_streaming" -> serverStreaming();
      case "ping_pong" -> pingPong();
      case "empty_stream" -> check(duplex(async(), requests -> requests.onCompleted()).expect(Status.Code.OK).sizes.isEmpty(), "answers");
      case "timeout_on_sleeping_server" -> duplex(async().withDeadlineAfter(1, TimeUnit.MILLISECONDS), requests -> requests.onNext(wants(1, 27182, 1_000_000)))
          .expect(Status.Code.DEADLINE_EXCEEDED);
      case "cancel_after_begin" -> cancelAfterBegin();
      case "cancel_after_first_response" -> cancelAfterFirst();
      case "status_code_and_message" -> statusAndMessage("test status message");
      case "special_status_message" -> statusAndMessage(SPECIAL);
      case "custom_metadata" -> customMetadata();
      case "unimplemented_method" -> fails(() -> blocking().unimplementedCall(Empty.getDefaultInstance()), Status.Code.UNIMPLEMENTED);
      case "unimplemented_service" -> fails(() -> UnimplementedServiceGrpc.newBlockingStub(channel).unimplementedCall(Empty.getDefaultInstance()), Status.Code.UNIMPLEMENTED);
      default -> throw new IllegalArgumentException(name);
    }
  }

  private TestServiceGrpc.TestServiceBlockingStub blocking() {
    return TestServiceGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  private TestServiceStub async() {
    return TestServiceGrpc.newStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  private static StreamingOutputCallRequest wants(int down, int up, int intervalUs) {
    return StreamingOutputCallRequest.newBuilder().setPayload(payload(up))
        .addResponseParameters(ResponseParameters.newBuilder().setSize(down).setIntervalUs(intervalUs)).build();
  }

  /** Collects a stream of answers and its end. */
  private static final class Answers implements StreamObserver<StreamingOutputCallResponse> {
    final List<Integer> sizes = new ArrayList<>();
    final CountDownLatch done = new CountDownLatch(1);
    Status status = Status.OK;
    Runnable each = () -> {};

    @Override
    public void onNext(StreamingOutputCallResponse answer) {
      sizes.add(answer.getPayload().getBody().size());
      each.run();
    }

    @Override
    public void onError(Throwable error) {
      status = Status.fromThrowable(error);
      done.countDown();
    }

    @Override
    public void onCompleted() {
      done.countDown();
    }

    Answers expect(Status.Code code) throws InterruptedException {
      check(done.await(25, TimeUnit.SECONDS), "no end");
      check(status.getCode() == code, status.toString());
      return this;
    }
  }

  private static Answers duplex(TestServiceStub stub, Consumer<StreamObserver<StreamingOutputCallRequest>> send) {
    Answers answers = new Answers();
    send.accept(stub.fullDuplexCall(answers));
    return answers;
  }

  private void clientStreaming() throws Exception {
    AtomicReference<Integer> size = new AtomicReference<>();
    CountDownLatch done = new CountDownLatch(1);
    StreamObserver<StreamingInputCallRequest> requests = async().streamingInputCall(inputAnswer(size, new AtomicReference<>(), done));
    UP.forEach(up -> requests.onNext(StreamingInputCallRequest.newBuilder().setPayload(payload(up)).build()));
    requests.onCompleted();
    check(done.await(25, TimeUnit.SECONDS) && size.get() == 74922, "size " + size.get());
  }

  private static StreamObserver<StreamingInputCallResponse> inputAnswer(AtomicReference<Integer> size, AtomicReference<Status> status, CountDownLatch done) {
    return new StreamObserver<>() {
      @Override
      public void onNext(StreamingInputCallResponse answer) {
        size.set(answer.getAggregatedPayloadSize());
      }

      @Override
      public void onError(Throwable error) {
        status.set(Status.fromThrowable(error));
        done.countDown();
      }

      @Override
      public void onCompleted() {
        done.countDown();
      }
    };
  }

  private void serverStreaming() {
    StreamingOutputCallRequest.Builder request = StreamingOutputCallRequest.newBuilder();
    DOWN.forEach(size -> request.addResponseParameters(ResponseParameters.newBuilder().setSize(size)));
    List<Integer> sizes = new ArrayList<>();
    blocking().streamingOutputCall(request.build()).forEachRemaining(answer -> sizes.add(answer.getPayload().getBody().size()));
    check(sizes.equals(DOWN), sizes.toString());
  }

  private void pingPong() throws Exception {
    Answers answers = new Answers();
    StreamObserver<StreamingOutputCallRequest> requests = async().fullDuplexCall(answers);
    answers.each = () -> {
      int turn = answers.sizes.size();
      if (turn < UP.size()) {
        requests.onNext(wants(DOWN.get(turn), UP.get(turn), 0));
      } else {
        requests.onCompleted();
      }
    };
    requests.onNext(wants(DOWN.get(0), UP.get(0), 0));
    check(answers.expect(Status.Code.OK).sizes.equals(DOWN), answers.sizes.toString());
  }

  private void cancelAfterBegin() throws Exception {
    AtomicReference<Status> status = new AtomicReference<>();
    CountDownLatch done = new CountDownLatch(1);
    StreamObserver<StreamingInputCallRequest> requests = async().streamingInputCall(inputAnswer(new AtomicReference<>(), status, done));
    requests.onError(new RuntimeException("cancelled by the test"));
    check(done.await(25, TimeUnit.SECONDS) && status.get().getCode() == Status.Code.CANCELLED, String.valueOf(status.get()));
  }

  private void cancelAfterFirst() throws Exception {
    Answers answers = new Answers();
    ClientCallStreamObserver<StreamingOutputCallRequest> requests = (ClientCallStreamObserver<StreamingOutputCallRequest>) async().fullDuplexCall(answers);
    answers.each = () -> requests.cancel("by the test", null);
    requests.onNext(wants(31415, 27182, 0));
    check(answers.expect(Status.Code.CANCELLED).sizes.equals(List.of(31415)), answers.sizes.toString());
  }

  private void statusAndMessage(String message) throws Exception {
    EchoStatus wanted = EchoStatus.newBuilder().setCode(2).setMessage(message).build();
    Status status = fails(() -> blocking().unaryCall(SimpleRequest.newBuilder().setResponseStatus(wanted).build()), Status.Code.UNKNOWN);
    check(message.equals(status.getDescription()), status.toString());
    Answers answers = duplex(async(), requests -> {
      requests.onNext(StreamingOutputCallRequest.newBuilder().setResponseStatus(wanted).build());
      requests.onCompleted();
    });
    check(message.equals(answers.expect(Status.Code.UNKNOWN).status.getDescription()), answers.status.toString());
  }

  private void customMetadata() throws Exception {
    byte[] bytes = {(byte) 0xab, (byte) 0xab, (byte) 0xab};
    Metadata sent = new Metadata();
    sent.put(Server.INITIAL, "test_initial_metadata_value");
    sent.put(Server.TRAILING, bytes);
    AtomicReference<Metadata> headers = new AtomicReference<>();
    AtomicReference<Metadata> trailers = new AtomicReference<>();
    var add = MetadataUtils.newAttachHeadersInterceptor(sent);
    var capture = MetadataUtils.newCaptureMetadataInterceptor(headers, trailers);
    blocking().withInterceptors(add, capture).unaryCall(SimpleRequest.newBuilder().setResponseSize(1).build());
    checkMetadata(headers.get(), trailers.get(), bytes);
    duplex(async().withInterceptors(add, capture), requests -> {
      requests.onNext(wants(1, 1, 0));
      requests.onCompleted();
    }).expect(Status.Code.OK);
    checkMetadata(headers.get(), trailers.get(), bytes);
  }

  private static void checkMetadata(Metadata headers, Metadata trailers, byte[] bytes) {
    check("test_initial_metadata_value".equals(headers.get(Server.INITIAL)), "initial metadata");
    check(Arrays.equals(bytes, trailers.get(Server.TRAILING)), "trailing metadata");
  }

  private static Status fails(Runnable call, Status.Code code) {
    try {
      call.run();
    } catch (StatusRuntimeException error) {
      check(error.getStatus().getCode() == code, error.toString());
      return error.getStatus();
    }
    throw new AssertionError("no error");
  }

  private static void check(boolean good, String why) {
    if (!good) {
      throw new AssertionError(why);
    }
  }
}
