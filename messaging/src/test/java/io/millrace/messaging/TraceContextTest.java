package io.millrace.messaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.MDC;

class TraceContextTest {

  @Test
  void beginsAWellFormedTrace() {
    TraceContext trace = TraceContext.begin();
    assertThat(TraceContext.parse(trace.traceparent())).contains(trace);
    assertThat(trace.traceId()).hasSize(32);
  }

  @Test
  void keepsTheTraceIdInAChild() {
    TraceContext trace =
        TraceContext.parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").orElseThrow();
    TraceContext child = trace.child();
    assertThat(child.traceId()).isEqualTo("4bf92f3577b34da6a3ce929d0e0e4736");
    assertThat(child.traceparent()).endsWith("-01").isNotEqualTo(trace.traceparent());
    assertThat(TraceContext.parse(child.traceparent())).contains(child);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\nx"
      })
  void ignoresAMalformedHeader(String header) {
    assertThat(TraceContext.parse(header)).isEmpty();
  }

  @Test
  void standsInTheLogWhileTheWorkRuns() {
    TraceContext outer = TraceContext.begin();
    TraceContext inner = TraceContext.begin();
    outer.run(
        () -> {
          assertThatThrownBy(
                  () ->
                      inner.run(
                          () -> {
                            assertThat(MDC.get("traceId")).isEqualTo(inner.traceId());
                            throw new IllegalStateException();
                          }))
              .isInstanceOf(IllegalStateException.class);
          assertThat(MDC.get("traceId")).isEqualTo(outer.traceId());
          assertThat(TraceContext.current()).contains(outer);
        });
    assertThat(TraceContext.current()).isEmpty();
    assertThat(MDC.get("traceId")).isNull();
  }
}
