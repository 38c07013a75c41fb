package io.millrace.gateway.browsers;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostNameTest {

  @ParameterizedTest
  @CsvSource({
    "localhost, true",
    "LOCALHOST:8080, true",
    "127.0.0.1:8080, true",
    "127.8.9.1, true",
    "0.0.0.0:8080, true",
    "[::1]:8080, true",
    "[::1], true",
    "10.1.2.3, true",
    "172.16.0.1:80, true",
    "172.31.255.255, true",
    "172.32.0.1, false",
    "192.168.1.5:8080, true",
    "[fd00::17]:8080, true",
    "[fc00::1], true",
    "[fe80::1], true",
    "[2001:db8::1], false",
    "203.0.113.5, false",
    "gateway:8080, true",
    "my_host-1, true",
    "10.evil.com, false",
    "192.168.1.5.nip.example, false",
    "localhost.evil.com, false",
    "localhost., false",
    "mlops.example.org, false",
    "exa mple, false",
    "a@localhost, false",
    "user:pw@localhost, false",
    "'', false",
    "999.1.1.1, false"
  })
  void knowsWhatIsLocal(String authority, boolean local) {
    assertThat(HostName.ofAuthority(authority).map(HostName::isLocal).orElse(false))
        .isEqualTo(local);
  }
}
