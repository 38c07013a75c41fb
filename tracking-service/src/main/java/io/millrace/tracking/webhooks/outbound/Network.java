package io.millrace.tracking.webhooks.outbound;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.regex.Pattern;

/** A range of addresses in CIDR notation, for example {@code 10.1.0.0/16} or {@code fd00::/8}. */
public final class Network {

  private static final Pattern LITERAL = Pattern.compile("[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");

  private final byte[] base;
  private final int bits;

  private Network(byte[] base, int bits) {
    this.base = base;
    this.bits = bits;
  }

  /**
   * Reads a range; a single address is a range of one.
   *
   * @throws IllegalArgumentException where it is none
   */
  public static Network parse(String text) {
    String[] parts = text.strip().split("/", 2);
    if (!LITERAL.matcher(parts[0]).matches()) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a network such as 10.1.0.0/16 or fd00::/8");
    }
    try {
      byte[] base = InetAddress.getByName(parts[0]).getAddress();
      int bits = parts.length == 1 ? base.length * 8 : Integer.parseInt(parts[1]);
      if (bits < 0 || bits > base.length * 8) {
        throw new IllegalArgumentException(
            "'" + text + "' has a prefix of " + bits + ", not 0 to " + base.length * 8);
      }
      Network network = new Network(masked(base, bits), bits);
      if (!Arrays.equals(network.base, base)) {
        throw new IllegalArgumentException(
            "'" + text + "' has bits behind its prefix; did you mean '" + network + "'?");
      }
      return network;
    } catch (UnknownHostException | NumberFormatException notANetwork) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a network such as 10.1.0.0/16 or fd00::/8", notANetwork);
    }
  }

  /** Whether the address lies in it. */
  public boolean contains(InetAddress address) {
    byte[] bytes = address.getAddress();
    return bytes.length == base.length && Arrays.equals(masked(bytes, bits), base);
  }

  private static byte[] masked(byte[] address, int bits) {
    byte[] masked = new byte[address.length];
    for (int i = 0; i < address.length; i++) {
      int kept = Math.clamp(bits - i * 8L, 0, 8);
      masked[i] = (byte) (address[i] & (0xFF00 >> kept));
    }
    return masked;
  }

  @Override
  public String toString() {
    try {
      return InetAddress.getByAddress(base).getHostAddress() + "/" + bits;
    } catch (UnknownHostException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
