package io.millrace.tracking.search;

import io.millrace.tracking.mlflow.MlflowException;
import io.millrace.tracking.search.Keyset.Type;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where the next page of a search begins: the key of the last row, bound to the search that gave
 * it. Opaque to clients; one that was changed is refused or finds another place in the same search,
 * never more than the search itself finds.
 */
public final class SearchToken {

  private static final int VERSION = 1;
  private static final int QUERY_BYTES = 8;
  private static final int LONGEST = 1 << 20;

  private SearchToken() {}

  /**
   * The token that goes on after a row.
   *
   * @param query everything of the search but its page size
   */
  public static String after(String query, List<@Nullable Object> values) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(VERSION);
      out.write(digest(query), 0, QUERY_BYTES);
      for (Object value : values) {
        switch (value) {
          case null -> out.writeByte('-');
          case Double number -> {
            out.writeByte('d');
            out.writeDouble(number);
          }
          case Long whole -> {
            out.writeByte('w');
            out.writeLong(whole);
          }
          default -> {
            byte[] text = value.toString().getBytes(StandardCharsets.UTF_8);
            out.writeByte('t');
            out.writeInt(text.length);
            out.write(text);
          }
        }
      }
    } catch (IOException inMemory) {
      throw new UncheckedIOException(inMemory);
    }
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.toByteArray());
  }

  /**
   * Reads a token; empty for an empty text.
   *
   * @param query as it was given to {@link #after}
   * @param types of the values
   * @throws MlflowException INVALID_PARAMETER_VALUE where it is no token of this search
   */
  public static Optional<List<@Nullable Object>> parse(
      String token, String query, List<Type> types) {
    if (token.isEmpty()) {
      return Optional.empty();
    }
    byte[] bytes;
    try {
      bytes = Base64.getUrlDecoder().decode(token.replace('+', '-').replace('/', '_'));
    } catch (IllegalArgumentException notBase64) {
      throw MlflowException.invalid("Invalid page token, could not base64-decode");
    }
    if (bytes.length < 1 + QUERY_BYTES || bytes.length > LONGEST || bytes[0] != VERSION) {
      throw strange(bytes);
    }
    if (!Arrays.equals(bytes, 1, 1 + QUERY_BYTES, digest(query), 0, QUERY_BYTES)) {
      throw MlflowException.invalid(
          "Invalid page token: it was given by a search with another filter, order or scope. Repeat that search, or begin this one without a token.");
    }
    try (DataInputStream in =
        new DataInputStream(
            new ByteArrayInputStream(bytes, 1 + QUERY_BYTES, bytes.length - 1 - QUERY_BYTES))) {
      List<@Nullable Object> values = new ArrayList<>();
      for (Type type : types) {
        values.add(value(in, type, bytes));
      }
      if (in.read() >= 0) {
        throw strange(bytes);
      }
      return Optional.of(values);
    } catch (IOException cutShort) {
      throw strange(bytes);
    }
  }

  private static @Nullable Object value(DataInputStream in, Type type, byte[] all)
      throws IOException {
    int kind = in.readByte();
    if (kind == '-') {
      return null;
    }
    if (kind == 'd' && (type == Type.NUMBER || type == Type.FINITE)) {
      return in.readDouble();
    }
    if (kind == 'w' && type == Type.WHOLE) {
      return in.readLong();
    }
    if (kind == 't' && type == Type.TEXT) {
      int length = in.readInt();
      if (length >= 0 && length <= in.available()) {
        String text = new String(in.readNBytes(length), StandardCharsets.UTF_8);
        Syntax.requireText(text, "page token");
        return text;
      }
    }
    throw strange(all);
  }

  private static MlflowException strange(byte[] bytes) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < Math.min(bytes.length, 40); i++) {
      char c = (char) (bytes[i] & 0xff);
      text.append(
          c == '\'' || c == '\\'
              ? "\\" + c
              : c >= 0x20 && c < 0x7f ? String.valueOf(c) : "\\x%02x".formatted((int) c));
    }
    return MlflowException.invalid(
        "Invalid page token, decoded value=b'%s'%s"
            .formatted(text, bytes.length > 40 ? "..." : ""));
  }

  private static byte[] digest(String query) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(query.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException everyJvmHasIt) {
      throw new IllegalStateException(everyJvmHasIt);
    }
  }
}
