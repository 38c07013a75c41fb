package io.millrace.artifact.storage;

import io.millrace.database.Database;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.stereotype.Component;

/**
 * Addresses of this service that are good for one thing and for a time, without any other
 * credential. All instances sign with one key, which the database keeps.
 */
@Component
public final class SignedAddresses {

  private static final int KEY_BYTES = 32;
  private static final String HMAC = "HmacSHA256";

  private final Database database;
  private final @Nullable URI publicUri;
  private final Clock clock = Clock.systemUTC();
  private volatile byte @Nullable [] key;

  SignedAddresses(Database database, StorageSettings settings) {
    this.database = database;
    this.publicUri = settings.publicUri();
  }

  /** The address is not signed by this service, is for another use, or its time is over. */
  public static final class Refused extends RuntimeException {
    Refused(String message) {
      super(message);
    }
  }

  /**
   * Signs an address.
   *
   * @param use what it is good for
   * @param path as it stands in the address, percent-encoded
   */
  public String sign(ServerHttpRequest asked, String use, String path, Duration valid) {
    long expires = clock.instant().plus(valid).getEpochSecond();
    return base(asked) + path + "?expires=" + expires + "&signature=" + mac(use, expires);
  }

  /**
   * Checks the address of a request.
   *
   * @throws Refused if it is not good
   */
  public void check(ServerHttpRequest request, String use) {
    String signature = request.getQueryParams().getFirst("signature");
    String expires = request.getQueryParams().getFirst("expires");
    if (signature == null || expires == null || !expires.matches("\\d{1,12}")) {
      throw new Refused("this address must carry expires and signature, as it was given");
    }
    String expected = mac(use, Long.parseLong(expires));
    if (!MessageDigest.isEqual(
        expected.getBytes(StandardCharsets.UTF_8), signature.getBytes(StandardCharsets.UTF_8))) {
      throw new Refused("the signature of this address is wrong");
    }
    if (clock.instant().getEpochSecond() > Long.parseLong(expires)) {
      throw new Refused("this address is no longer good; ask for a new one");
    }
  }

  private String base(ServerHttpRequest asked) {
    URI configured = publicUri;
    if (configured != null) {
      String text = configured.toString();
      return text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
    }
    InetSocketAddress host = asked.getHeaders().getHost();
    URI uri = asked.getURI();
    String named = asked.getHeaders().getFirst(HttpHeaders.HOST);
    return host != null && named != null
        ? uri.getScheme() + "://" + named
        : uri.getScheme() + "://" + uri.getRawAuthority();
  }

  private String mac(String use, long expires) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(key(), HMAC));
      return HexFormat.of()
          .formatHex(mac.doFinal((use + "\n" + expires).getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + HMAC, e);
    }
  }

  private byte[] key() {
    byte[] known = key;
    if (known == null) {
      byte[] fresh = new byte[KEY_BYTES];
      new SecureRandom().nextBytes(fresh);
      known =
          database.inTransaction(
              tx -> {
                tx.update(
                    "insert into signing_keys (name, secret) values ('addresses', $1) on conflict do nothing",
                    (Object) fresh);
                return tx.queryOne(
                        "select secret from signing_keys where name = 'addresses'",
                        row -> row.bytes("secret"))
                    .orElseThrow();
              });
      key = known;
    }
    return known;
  }
}
