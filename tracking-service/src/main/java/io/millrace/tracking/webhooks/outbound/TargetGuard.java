package io.millrace.tracking.webhooks.outbound;

import io.millrace.tracking.webhooks.outbound.TargetRefused.Reason;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Decides what may be called. The form of a URL is checked when it is given and before each call;
 * addresses are checked when it is given, so that a mistake shows at once, and again on the very
 * address that a connection is opened to, since a name may lead elsewhere by then.
 */
public final class TargetGuard {

  private static final int LONGEST_URL = 2048;

  /** Programs disagree on what other texts of digits and dots mean. */
  private static final Pattern IPV4 =
      Pattern.compile("((25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(\\.(?!$)|$)){4}");

  private static final Pattern DIGITS = Pattern.compile("[\\d.]+");

  private final boolean http;
  private final Set<Integer> ports;
  private final AddressPolicy policy;
  private final HostResolver resolver;

  /**
   * @param http whether plain http is taken
   * @param ports the only ports, all where empty
   */
  public TargetGuard(
      boolean http, Set<Integer> ports, AddressPolicy policy, HostResolver resolver) {
    this.http = http;
    this.ports = Set.copyOf(ports);
    this.policy = policy;
    this.resolver = resolver;
  }

  /** Checks a URL and where its host leads just now. May block. */
  public URI checked(String url) throws TargetRefused {
    URI target = formed(url);
    resolve(host(target));
    return target;
  }

  /** Checks the form of a URL alone. */
  public URI formed(String url) throws TargetRefused {
    if (url.length() > LONGEST_URL) {
      throw new TargetRefused(
          Reason.INVALID_URL, "The URL is longer than %d characters.".formatted(LONGEST_URL));
    }
    URI target;
    try {
      target = new URI(url).parseServerAuthority();
    } catch (URISyntaxException malformed) {
      throw new TargetRefused(
          Reason.INVALID_URL, "'%s' is not a URL: %s.".formatted(url, malformed.getReason()));
    }
    String scheme = target.getScheme() == null ? "" : target.getScheme().toLowerCase(Locale.ROOT);
    if (!scheme.equals("https") && !scheme.equals("http")) {
      throw new TargetRefused(
          Reason.INVALID_URL,
          "'%s' is not a whole URL: it begins with https:// and names a host.".formatted(url));
    }
    if (scheme.equals("http") && !http) {
      throw new TargetRefused(
          Reason.HTTPS_REQUIRED,
          "The URL has to be https; millrace.webhooks.allow-http=true takes plain http as well.");
    }
    if (target.getHost() == null || target.getHost().isEmpty()) {
      throw new TargetRefused(Reason.INVALID_URL, "'%s' names no host.".formatted(url));
    }
    if (DIGITS.matcher(target.getHost()).matches() && !IPV4.matcher(target.getHost()).matches()) {
      throw new TargetRefused(
          Reason.INVALID_URL,
          "'%s' is not an address: four numbers from 0 to 255.".formatted(target.getHost()));
    }
    if (target.getRawUserInfo() != null) {
      throw new TargetRefused(
          Reason.INVALID_URL,
          "The URL has a user name or password in it, which everybody sees who sees the URL. Check the signature instead.");
    }
    if (target.getRawFragment() != null) {
      throw new TargetRefused(
          Reason.INVALID_URL, "The URL has a fragment (#...), which is never sent.");
    }
    int port = port(target);
    if (port < 1 || port > 65535 || (!ports.isEmpty() && !ports.contains(port))) {
      throw new TargetRefused(
          Reason.PORT_REFUSED,
          "Port %d is not called; millrace.webhooks.allowed-ports has %s."
              .formatted(port, ports.isEmpty() ? "1 to 65535" : ports.stream().sorted().toList()));
    }
    return target;
  }

  /** The addresses of a host, all of which may be called. May block. */
  List<InetAddress> resolve(String host) throws TargetRefused {
    List<InetAddress> addresses;
    try {
      addresses = resolver.resolve(host);
    } catch (UnknownHostException unknown) {
      throw new TargetRefused(
          Reason.UNRESOLVABLE_HOST, "'%s' has no address that can be found.".formatted(host));
    }
    for (InetAddress address : addresses) {
      require(host, address);
    }
    return addresses;
  }

  /** Checks the address that a connection goes to. */
  void require(String host, InetAddress address) throws TargetRefused {
    if (!policy.allows(address)) {
      throw new TargetRefused(
          Reason.ADDRESS_REFUSED,
          "Webhook URL must not resolve to a non-public IP address. '%s' resolves to %s. millrace.webhooks.allowed-networks names the networks that may be called nevertheless."
              .formatted(host, address.getHostAddress()));
    }
  }

  /** The host of a URL, an IPv6 address without its brackets. */
  static String host(URI target) {
    String host = target.getHost();
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  static int port(URI target) {
    return target.getPort() >= 0
        ? target.getPort()
        : target.getScheme().equalsIgnoreCase("https") ? 443 : 80;
  }
}
