package io.millrace.tracking.webhooks.outbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressPolicyTest {

  private final AddressPolicy publicOnly = new AddressPolicy(List.of());

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.0.1",
        "169.254.169.254",
        "169.254.170.2",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1"
      })
  void refusesWhatIsNotPublic(String address) throws Exception {
    assertThat(publicOnly.allows(InetAddress.getByName(address))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.1",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2a00:1450::1"
      })
  void allowsWhatIsPublic(String address) throws Exception {
    assertThat(publicOnly.allows(InetAddress.getByName(address))).isTrue();
  }

  @Test
  void allowsTheNetworksOfTheHouse() throws Exception {
    AddressPolicy house =
        new AddressPolicy(
            List.of(
                Network.parse("10.1.0.0/16"),
                Network.parse("fd12:3456::/32"),
                Network.parse("127.0.0.1"),
                Network.parse("0.0.0.0/1"),
                Network.parse("ff00::/8")));
    assertThat(house.allows(InetAddress.getByName("10.1.255.1"))).isTrue();
    assertThat(house.allows(InetAddress.getByName("fd12:3456::9"))).isTrue();
    assertThat(house.allows(InetAddress.getByName("127.0.0.1"))).isTrue();
    assertThat(house.allows(InetAddress.getByName("192.168.1.1"))).isFalse();
    assertThat(house.allows(InetAddress.getByName("fd12:3457::9"))).isFalse();
    assertThat(house.allows(InetAddress.getByName("1.1.1.1"))).isTrue();
    // No connection leads there.
    assertThat(house.allows(InetAddress.getByName("0.0.0.0"))).isFalse();
    assertThat(house.allows(InetAddress.getByName("ff02::1"))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "localhost",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/x",
        "10.1.2.3/16",
        "::1/129",
        "a.example/8",
        "10.0.0/8/8"
      })
  void refusesWhatIsNoNetwork(String text) {
    assertThatThrownBy(() -> Network.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }
}
