package io.millrace.tracking.webhooks.outbound;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;
import java.util.stream.Stream;

/**
 * Which addresses may be called: those of the public internet, by IANA's registries of special
 * addresses, and those of the networks that the settings allow. Of IPv6 only global unicast counts
 * as public, without the ranges that carry an IPv4 address inside, which would be a way around.
 */
public final class AddressPolicy {

  private static final List<Network> SPECIAL =
      networks(
          // "This host", private, shared by carriers, loopback, link-local with the metadata
          // services of clouds.
          "0.0.0.0/8",
          "10.0.0.0/8",
          "100.64.0.0/10",
          "127.0.0.0/8",
          "169.254.0.0/16",
          "172.16.0.0/12",
          "192.168.0.0/16",
          // Protocols, documentation, 6to4 relays, benchmarks.
          "192.0.0.0/24",
          "192.0.2.0/24",
          "192.88.99.0/24",
          "198.18.0.0/15",
          "198.51.100.0/24",
          "203.0.113.0/24",
          // Multicast, reserved, broadcast.
          "224.0.0.0/4",
          "240.0.0.0/4",
          // Inside global unicast: protocols with Teredo, documentation, 6to4.
          "2001::/23",
          "2001:db8::/32",
          "2002::/16",
          "3fff::/20");

  private static final Network GLOBAL_UNICAST = Network.parse("2000::/3");

  private final List<Network> allowed;

  public AddressPolicy(List<Network> allowed) {
    this.allowed = List.copyOf(allowed);
  }

  /** Whether it may be called. What no connection can lead to is not, whatever is allowed. */
  public boolean allows(InetAddress address) {
    if (address.isAnyLocalAddress() || address.isMulticastAddress()) {
      return false;
    }
    if (allowed.stream().anyMatch(network -> network.contains(address))) {
      return true;
    }
    return (address instanceof Inet4Address || GLOBAL_UNICAST.contains(address))
        && SPECIAL.stream().noneMatch(network -> network.contains(address));
  }

  private static List<Network> networks(String... texts) {
    return Stream.of(texts).map(Network::parse).toList();
  }
}
