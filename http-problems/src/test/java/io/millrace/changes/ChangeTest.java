package io.millrace.changes;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;

class ChangeTest {

  @Test
  void isOfTheUserAndReasonThatHeadersNameInUtf8() {
    Change change =
        Change.of(
            MockServerHttpRequest.post("/")
                .header("X-Millrace-User", asItArrives(" Zoë "))
                .header("X-Millrace-Reason", asItArrives("drift ↑"))
                .header("Authorization", basic("someone:else"))
                .build());
    assertThat(change).isEqualTo(new Change("Zoë", "drift ↑"));
  }

  @Test
  void isOfTheUserOfBasicCredentialsWithoutAHeader() {
    assertThat(by("Authorization", basic("ada:p:w"))).isEqualTo("ada");
    assertThat(by("Authorization", basic("ada:pw").replace("Basic", "bAsIc"))).isEqualTo("ada");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Bearer abc", "Basic", "Basic ???", "Basic YWRh", "Basic OnB3"})
  void isOfNobodyWhereCredentialsNameNobody(String credentials) {
    assertThat(by("Authorization", credentials)).isEqualTo(Change.NOBODY);
  }

  @Test
  void isOfNobodyAndWithoutReasonWhereNothingIsSaid() {
    assertThat(Change.of(MockServerHttpRequest.post("/").build()))
        .isEqualTo(new Change("unknown", null));
    assertThat(new Change(" ", " ")).isEqualTo(new Change("unknown", null));
  }

  @Test
  void canBeKeptAsItIs() {
    Change change = new Change("\uD83D\uDE00".repeat(201), "a\0b".repeat(700));
    assertThat(change.by()).isEqualTo("\uD83D\uDE00".repeat(200));
    assertThat(change.reason()).hasSize(2000).startsWith("a\ufffdb").doesNotContain("\0");
  }

  private static String by(String header, String value) {
    return Change.of(MockServerHttpRequest.post("/").header(header, value).build()).by();
  }

  private static String basic(String credentials) {
    return "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(UTF_8));
  }

  private static String asItArrives(String text) {
    return new String(text.getBytes(UTF_8), ISO_8859_1);
  }
}
