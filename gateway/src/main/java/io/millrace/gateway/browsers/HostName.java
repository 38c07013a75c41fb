package io.millrace.gateway.browsers;

import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The host of a Host header or of an origin, as a name or an address without its port.
 *
 * @param text in lower case, an IPv6 address without its brackets
 */
record HostName(String text) {

  private static final Pattern AUTHORITY =
      Pattern.compile("(?:\\[([0-9a-fA-F:.%]+)\\]|([^:\\[\\]/\\s]+))(?::[0-9]{0,5})?");
  private static final Pattern LABEL = Pattern.compile("[a-z0-9_-]*[a-z_-][a-z0-9_-]*");
  private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|[0-9a-f:.%]*:[0-9a-f:.%]*");

  /** Reads `host` or `host:port`; empty where it is neither. */
  static Optional<HostName> ofAuthority(String authority) {
    var match = AUTHORITY.matcher(authority);
    if (!match.matches()) {
      return Optional.empty();
    }
    var host = match.group(1) == null ? match.group(2) : match.group(1);
    return Optional.of(new HostName(host.toLowerCase(Locale.ROOT)));
  }

  /**
   * True for what no public name server can make point here: this machine, a private address, or a
   * name of one label, which only the local network's resolver knows.
   */
  boolean isLocal() {
    if (ADDRESS.matcher(text).matches()) {
      return isLocalAddress();
    }
    return LABEL.matcher(text).matches();
  }

  /** True for this machine itself. */
  boolean isThisMachine() {
    return List.of("localhost", "127.0.0.1", "::1").contains(text);
  }

  private boolean isLocalAddress() {
    try {
      var address = InetAddress.ofLiteral(text);
      return address.isLoopbackAddress()
          || address.isAnyLocalAddress()
          || address.isSiteLocalAddress()
          || address.isLinkLocalAddress()
          || isUniqueLocal(address.getAddress());
    } catch (IllegalArgumentException noAddress) {
      return false;
    }
  }

  /** fc00::/7, the private range of IPv6. */
  private static boolean isUniqueLocal(byte[] address) {
    return address.length == 16 && (address[0] & 0xfe) == 0xfc;
  }
}
