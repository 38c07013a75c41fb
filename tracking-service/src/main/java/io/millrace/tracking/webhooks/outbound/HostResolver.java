package io.millrace.tracking.webhooks.outbound;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/** Turns a host name into addresses, as it is at the moment of the call. */
@FunctionalInterface
public interface HostResolver {

  /**
   * The addresses of a name, at least one. A literal address is its own. May block.
   *
   * @throws UnknownHostException where the name has none
   */
  List<InetAddress> resolve(String host) throws UnknownHostException;
}
