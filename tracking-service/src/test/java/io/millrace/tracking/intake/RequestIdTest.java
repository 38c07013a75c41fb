package io.millrace.tracking.intake;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RequestIdTest {

  @Test
  void isTheOneGivenIfItCanBe() {
    assertThat(RequestId.of("mine", "command").value()).isEqualTo("mine");
    assertThat(RequestId.of("", "command").value()).isEqualTo("command");
    assertThat(RequestId.of("a\0b", "command").value()).isEqualTo("command");
    assertThat(RequestId.of("x".repeat(201), "command").value()).isEqualTo("command");
  }

  @Test
  void canAlwaysBeStored() {
    assertThat(RequestId.of("", "a\0b").value()).isEqualTo("a\ufffdb");
    assertThat(RequestId.of("", "x".repeat(5000)).value()).hasSize(200);
    assertThat(RequestId.of("", "").value()).isEqualTo("unnamed");
  }

  @Test
  void tellsAnUnusableIdFromNone() {
    assertThat(RequestId.unusable("")).isFalse();
    assertThat(RequestId.unusable("ok")).isFalse();
    assertThat(RequestId.unusable(" ")).isTrue();
    assertThat(RequestId.unusable("a\n")).isTrue();
  }
}
