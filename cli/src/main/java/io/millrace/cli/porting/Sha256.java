package io.millrace.cli.porting;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** SHA-256 digests as 64 lower-case hex digits. */
final class Sha256 {

  private static final Pattern DECLARED = Pattern.compile("sha-256=:([A-Za-z0-9+/]{43}=):");

  private Sha256() {}

  static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }

  static String of(byte[] bytes) {
    var digest = digest();
    digest.update(bytes);
    return hex(digest);
  }

  static String of(InputStream bytes) throws IOException {
    var digest = digest();
    var buffer = new byte[64 * 1024];
    for (int read = bytes.read(buffer); read >= 0; read = bytes.read(buffer)) {
      digest.update(buffer, 0, read);
    }
    return hex(digest);
  }

  static String of(Path file) throws IOException {
    try (var bytes = Files.newInputStream(file)) {
      return of(bytes);
    }
  }

  /** The digest in a `Repr-Digest` header (RFC 9530); "" where there is none. */
  static String declared(String header) {
    var matcher = DECLARED.matcher(header);
    return matcher.find()
        ? HexFormat.of().formatHex(Base64.getDecoder().decode(matcher.group(1)))
        : "";
  }

  /** A digest as `Repr-Digest` says it. */
  static String header(String sha256) {
    return "sha-256=:" + Base64.getEncoder().encodeToString(HexFormat.of().parseHex(sha256)) + ":";
  }
}
