package proa.interop;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.grpc.testing.integration.EmptyProtos.Empty;
import io.grpc.testing.integration.Messages.EchoStatus;
import io.grpc.testing.integration.Messages.Payload;
import io.grpc.testing.integration.Messages.ResponseParameters;
import io.grpc.testing.integration.Messages.SimpleRequest;
import io.grpc.testing.integration.Messages.SimpleResponse;
import io.grpc.testing.integration.Messages.StreamingInputCallRequest;
import io.grpc.testing.integration.Messages.StreamingInputCallResponse;
import io.grpc.testing.integration.Messages.StreamingOutputCallRequest;
import io.grpc.testing.integration.Messages.StreamingOutputCallResponse;
import io.grpc.testing.integration.TestServiceGrpc;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** What the interop test asks of a server. */
final class Service extends TestServiceGrpc.TestServiceImplBase {
  static Payload payload(int size) {
    return Payload.newBuilder().setBody(ByteString.copyFrom(new byte[size])).build();
  }

  static Throwable failure(EchoStatus asked) {
    return Status.fromCodeValue(asked.getCode()).withDescription(asked.getMessage()).asRuntimeException();
  }

  @Override
  public void emptyCall(Empty request, StreamObserver<Empty> answer) {
    answer.onNext(Empty.getDefaultInstance());
    answer.onCompleted();
  }

  @Override
  public void unaryCall(SimpleRequest request, StreamObserver<SimpleResponse> answer) {
    if (request.hasResponseStatus()) {
      answer.onError(failure(request.getResponseStatus()));
      return;
    }
    answer.onNext(SimpleResponse.newBuilder().setPayload(payload(request.getResponseSize())).build());
    answer.onCompleted();
  }

  @Override
  public void streamingOutputCall(StreamingOutputCallRequest request, StreamObserver<StreamingOutputCallResponse> answer) {
    send(request, answer);
    answer.onCompleted();
  }

  @Override
  public StreamObserver<StreamingInputCallRequest> streamingInputCall(StreamObserver<StreamingInputCallResponse> answer) {
    return new StreamObserver<>() {
      private int size;

      @Override
      public void onNext(StreamingInputCallRequest request) {
        size += request.getPayload().getBody().size();
      }

      @Override
      public void onError(Throwable gone) {}

      @Override
      public void onCompleted() {
        answer.onNext(StreamingInputCallResponse.newBuilder().setAggregatedPayloadSize(size).build());
        answer.onCompleted();
      }
    };
  }

  @Override
  public StreamObserver<StreamingOutputCallRequest> fullDuplexCall(StreamObserver<StreamingOutputCallResponse> answer) {
    return new StreamObserver<>() {
      private boolean failed;

      @Override
      public void onNext(StreamingOutputCallRequest request) {
        if (request.hasResponseStatus()) {
          failed = true;
          answer.onError(failure(request.getResponseStatus()));
        } else {
          send(request, answer);
        }
      }

      @Override
      public void onError(Throwable gone) {}

      @Override
      public void onCompleted() {
        if (!failed) {
          answer.onCompleted();
        }
      }
    };
  }

  private static void send(StreamingOutputCallRequest request, StreamObserver<StreamingOutputCallResponse> answer) {
    for (ResponseParameters wanted : request.getResponseParametersList()) {
      LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(wanted.getIntervalUs()));
      answer.onNext(StreamingOutputCallResponse.newBuilder().setPayload(payload(wanted.getSize())).build());
    }
  }
}
