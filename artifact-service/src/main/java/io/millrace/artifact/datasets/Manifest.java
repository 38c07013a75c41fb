package io.millrace.artifact.datasets;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a version is, as one line of JSON with a fixed order of keys, so that anyone can check its
 * digest.
 *
 * @param json the line, without a line end
 */
record Manifest(String json) {

  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  static Manifest of(DatasetName name, int version, String mediaType, Upload upload) {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("sha256", upload.object().sha256());
    content.put("size", upload.object().size());
    content.put("mediaType", mediaType);
    Map<String, Object> manifest = new LinkedHashMap<>();
    manifest.put("name", name.value());
    manifest.put("version", version);
    manifest.put("content", content);
    manifest.put("rows", upload.table().rows());
    manifest.put("schema", MAPPER.readTree(upload.table().schema().toJson()));
    return new Manifest(MAPPER.writeValueAsString(manifest));
  }

  /** SHA-256 of the UTF-8 bytes, 64 lower-case hex digits. */
  String digest() {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(json.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
