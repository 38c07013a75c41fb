package io.millrace.tracking.webhooks.outbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TargetGuardTest {

  private static final HostResolver NAMES =
      host ->
          switch (host) {
            case "public.example" -> List.of(InetAddress.getByName("93.184.216.34"));
            case "inside.example" -> List.of(InetAddress.getByName("10.0.0.7"));
            case "mixed.example" ->
                List.of(InetAddress.getByName("93.184.216.34"), InetAddress.getByName("127.0.0.1"));
            case "unknown.example" -> throw new UnknownHostException(host);
            default -> List.of(InetAddress.getAllByName(host));
          };

  private static TargetGuard guard(boolean http, Set<Integer> ports, String... allowed) {
    return new TargetGuard(
        http,
        ports,
        new AddressPolicy(List.of(allowed).stream().map(Network::parse).toList()),
        NAMES);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''                                         | invalid-url
          hook                                       | invalid-url
          /hook                                      | invalid-url
          //public.example/hook                      | invalid-url
          ftp://public.example/                      | invalid-url
          file:///etc/passwd                         | invalid-url
          gopher://public.example/                   | invalid-url
          jar:https://public.example/!/              | invalid-url
          https:///hook                              | invalid-url
          https://                                   | invalid-url
          https:public.example                       | invalid-url
          https://user@public.example/               | invalid-url
          https://user:word@public.example/          | invalid-url
          https://public.example@127.0.0.1/          | invalid-url
          https://public.example/#part               | invalid-url
          https://public example/                    | invalid-url
          https://public_1.example/                  | invalid-url
          https://publıc.example/                    | invalid-url
          https://[::1/                              | invalid-url
          https://public.example:99999/              | port-refused
          https://public.example:0/                  | port-refused
          http://public.example/                     | https-required
          HTTP://public.example/                     | https-required
          https://unknown.example/                   | unresolvable-host
          https://inside.example/                    | address-refused
          https://mixed.example/                     | address-refused
          https://localhost/                         | address-refused
          https://127.0.0.1/                         | address-refused
          https://127.1/                             | invalid-url
          https://2130706433/                        | invalid-url
          https://[::1]/                             | address-refused
          https://[::ffff:127.0.0.1]/                | address-refused
          https://[::ffff:a9fe:a9fe]/                | address-refused
          https://169.254.169.254/latest/meta-data/  | address-refused
          https://0.0.0.0/                           | address-refused
          """)
  void refuses(String url, String code) {
    TargetRefused refused =
        catchThrowableOfType(TargetRefused.class, () -> guard(false, Set.of()).checked(url));
    assertThat(refused).as(url).isNotNull();
    assertThat(refused.reason().code()).as(url + ": " + refused.words()).isEqualTo(code);
  }

  @Test
  void neverReadsAnAddressInDisguise() {
    for (String url :
        List.of(
            "https://0x7f.0.0.1/",
            "https://0177.0.0.1/",
            "https://1.2.3.4.5/",
            "https://1.2.3.256/",
            "https://0x7f000001/")) {
      assertThat(
              catchThrowableOfType(TargetRefused.class, () -> guard(false, Set.of()).checked(url)))
          .as(url)
          .isNotNull();
    }
  }

  @Test
  void takesWhatIsPublicOrAllowed() {
    assertThatCode(() -> guard(false, Set.of()).checked("https://public.example/hook?a=b"))
        .doesNotThrowAnyException();
    assertThatCode(() -> guard(true, Set.of()).checked("http://public.example:8080/"))
        .doesNotThrowAnyException();
    assertThatCode(() -> guard(false, Set.of(), "10.0.0.0/8").checked("https://inside.example/"))
        .doesNotThrowAnyException();
    assertThatCode(() -> guard(false, Set.of(443)).checked("https://public.example/"))
        .doesNotThrowAnyException();
    assertThat(
            catchThrowableOfType(
                    TargetRefused.class,
                    () -> guard(false, Set.of(443)).checked("https://public.example:8443/"))
                .reason())
        .isEqualTo(TargetRefused.Reason.PORT_REFUSED);
    assertThat(
            catchThrowableOfType(
                    TargetRefused.class,
                    () ->
                        guard(false, Set.of())
                            .checked("https://public.example/" + "a".repeat(3000)))
                .reason())
        .isEqualTo(TargetRefused.Reason.INVALID_URL);
  }
}
