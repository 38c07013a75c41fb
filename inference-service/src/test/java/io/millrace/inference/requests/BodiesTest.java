package io.millrace.inference.requests;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.util.unit.DataSize;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

class BodiesTest {

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Bodies bodies =
      new Bodies(
          new RequestSettings(
              "production",
              DataSize.ofBytes(100),
              DataSize.ofBytes(150),
              10,
              Duration.ofMillis(2),
              1),
          meters);

  private static DataBuffer chunk(int size) {
    return DefaultDataBufferFactory.sharedInstance.wrap(new byte[size]);
  }

  private Mono<Integer> length(Flux<DataBuffer> body) {
    return bodies.with(
        MockServerHttpRequest.post("/").body(body), bytes -> Mono.just(bytes.length));
  }

  private int refusal(Mono<Integer> call) {
    return call.map(length -> 0)
        .onErrorResume(Refusal.class, e -> Mono.just(e.status().value()))
        .blockOptional(Duration.ofSeconds(5))
        .orElse(0);
  }

  private double held() {
    return meters.get("inference.bodies.held").gauge().value();
  }

  @Test
  void readsABodyInPiecesAndGivesItsMemoryBack() {
    assertThat(length(Flux.just(chunk(60), chunk(40))).block()).isEqualTo(100);
    assertThat(length(Flux.empty()).block()).isZero();
    assertThat(held()).isZero();
  }

  @Test
  void refusesABodyWithoutALengthOnceItIsTooLarge() {
    assertThat(refusal(length(Flux.just(chunk(60), chunk(41))))).isEqualTo(413);
    assertThat(held()).isZero();
  }

  @Test
  void refusesWhatDoesNotFitBesideTheOthers() {
    Sinks.Many<DataBuffer> slow = Sinks.many().unicast().onBackpressureBuffer();
    var reading = length(slow.asFlux()).subscribe();
    slow.tryEmitNext(chunk(90)).orThrow();
    assertThat(held()).isEqualTo(90);
    assertThat(refusal(length(Flux.just(chunk(70))))).isEqualTo(429);
    reading.dispose();
    assertThat(held()).as("a client that went away").isZero();
    assertThat(refusal(length(Flux.just(chunk(70))))).isZero();
  }
}
