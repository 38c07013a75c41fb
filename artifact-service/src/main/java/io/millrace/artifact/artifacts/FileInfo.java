package io.millrace.artifact.artifacts;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** MLflow's form of one entry of a listing; a folder has no size. */
@JsonInclude(JsonInclude.Include.NON_NULL)
record FileInfo(
    String path,
    @JsonProperty("is_dir") boolean folder,
    @JsonProperty("file_size") @Nullable Long size) {

  /** A listing as MLflow answers it, where empty lists are left out. */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  record Files(
      @JsonProperty("root_uri") @Nullable String rootUri,
      List<FileInfo> files,
      @JsonProperty("next_page_token") @Nullable String nextPageToken) {

    static Files of(@Nullable String rootUri, String prefix, Artifacts.Listing listing) {
      return new Files(
          rootUri,
          listing.entries().stream()
              .map(entry -> new FileInfo(prefix + entry.name(), entry.folder(), entry.size()))
              .toList(),
          listing.next() == null ? null : encode(listing.next()));
    }
  }

  private static String encode(String from) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(from.getBytes(StandardCharsets.UTF_8));
  }

  /** Where a page token says to go on. */
  static String decode(@Nullable String token) {
    try {
      return token == null
          ? ""
          : new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new ArtifactPath.InvalidPath("page_token is none of a listing; ask again without it");
    }
  }
}
