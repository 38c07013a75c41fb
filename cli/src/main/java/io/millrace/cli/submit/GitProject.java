package io.millrace.cli.submit;

import io.millrace.cli.submit.Finding.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * A folder in a git repository: what is committed of it, what is not, and how to pack both. Nothing
 * of the repository is changed, not even its index.
 */
public final class GitProject {

  private static final String LFS = "version https://git-lfs.github.com/spec/v1\n";
  private static final int LONGEST_POINTER = 1024;
  private static final int SHORTEST_POINTER = 100;

  private final Git git;
  private final Path folder;

  private GitProject(Git git, Path folder) {
    this.git = git;
    this.folder = folder;
  }

  /**
   * @throws SubmitFailure where there is no git, no repository or no commit
   */
  public static GitProject at(Path folder) {
    return at(folder, "git");
  }

  static GitProject at(Path folder, String program) {
    var absolute = folder.toAbsolutePath().normalize();
    if (!Files.isDirectory(absolute)) {
      throw new SubmitFailure(absolute + " is not a folder. Name the project's folder.");
    }
    var git = new Git(absolute, program);
    var inside = git.attempt("rev-parse", "--is-inside-work-tree");
    if (inside.status() != 0 || !inside.said().equals("true")) {
      var why = inside.complaint().strip();
      throw new SubmitFailure(
          "%s is not in a git repository%s. `git init`, add and commit first."
              .formatted(absolute, why.isEmpty() ? "" : " (" + why + ")"));
    }
    if (git.attempt("rev-parse", "--verify", "--quiet", "HEAD^{commit}").status() != 0) {
      throw new SubmitFailure("The repository has no commit yet. Commit the project first.");
    }
    return new GitProject(git, absolute);
  }

  /**
   * What git says of the project.
   *
   * @param branch null where none is checked out
   * @param repository address of the remote without credentials; null where there is none
   * @param subdirectory of the project in the repository, "" for its root
   * @param findings what to know about it
   */
  public record State(
      String commit,
      @Nullable String branch,
      @Nullable String repository,
      String subdirectory,
      List<Finding> findings) {

    /** True where the commit is not all of what lies in the folder. */
    public boolean dirty() {
      return findings.stream().anyMatch(finding -> finding.kind().dirty());
    }
  }

  /** Looks at everything. */
  public State inspect() {
    List<Finding> findings = new ArrayList<>();
    Map<String, String> headers = new LinkedHashMap<>();
    status(headers, findings);
    var branch =
        "(detached)".equals(headers.get("branch.head")) ? null : headers.get("branch.head");
    var commit = git.ask("rev-parse", "HEAD");
    var remote = remote(branch);
    if (branch == null) {
      findings.add(new Finding(Kind.DETACHED, "HEAD is at " + commit.substring(0, 12)));
    }
    pushed(headers, branch, remote, commit, findings);
    if (git.ask("rev-parse", "--is-shallow-repository").equals("true")) {
      findings.add(new Finding(Kind.SHALLOW, "the history ends early"));
    }
    tree(findings);
    findings.sort((a, b) -> a.kind().compareTo(b.kind()));
    return new State(
        commit,
        branch,
        remote
            .map(name -> RemoteUrl.withoutCredentials(git.ask("remote", "get-url", name)))
            .orElse(null),
        git.ask("rev-parse", "--show-prefix").replaceAll("/$", ""),
        List.copyOf(findings));
  }

  private void status(Map<String, String> headers, List<Finding> findings) {
    var entries =
        git.list(
                "status",
                "--porcelain=v2",
                "-z",
                "--branch",
                "--untracked-files=all",
                "--ignore-submodules=none",
                "--",
                ".")
            .iterator();
    while (entries.hasNext()) {
      var entry = entries.next();
      switch (entry.charAt(0)) {
        case '#' -> {
          var words = entry.split(" ", 3);
          headers.put(words[1], words.length > 2 ? words[2] : "");
        }
        case '1' -> changed(entry.split(" ", 9), 8, findings);
        case '2' -> {
          changed(entry.split(" ", 10), 9, findings);
          // A rename is followed by where it was.
          if (entries.hasNext()) {
            entries.next();
          }
        }
        case 'u' -> findings.add(new Finding(Kind.CONFLICT, entry.split(" ", 11)[10]));
        case '?' -> findings.add(new Finding(Kind.UNTRACKED, entry.substring(2)));
        default -> {}
      }
    }
  }

  private static void changed(String[] fields, int path, List<Finding> findings) {
    var states = fields[1];
    if (fields[2].startsWith("S") && !fields[2].equals("S...")) {
      findings.add(new Finding(Kind.DIRTY_SUBMODULE, fields[path]));
      return;
    }
    if (states.charAt(0) != '.') {
      findings.add(new Finding(Kind.STAGED, fields[path]));
    }
    if (states.charAt(1) != '.') {
      findings.add(new Finding(Kind.UNSTAGED, fields[path]));
    }
  }

  /** The remote that the branch follows, else `origin`, else the first. */
  private Optional<String> remote(@Nullable String branch) {
    var remotes = git.ask("remote").lines().toList();
    if (branch != null) {
      var followed = git.attempt("config", "branch." + branch + ".remote").said();
      if (remotes.contains(followed)) {
        return Optional.of(followed);
      }
    }
    return remotes.contains("origin") ? Optional.of("origin") : remotes.stream().findFirst();
  }

  private void pushed(
      Map<String, String> headers,
      @Nullable String branch,
      Optional<String> remote,
      String commit,
      List<Finding> findings) {
    if (remote.isEmpty()) {
      findings.add(new Finding(Kind.NO_REMOTE, "the commit is on this machine only"));
      return;
    }
    var upstream = headers.get("branch.upstream");
    var distance = headers.get("branch.ab");
    if (upstream != null && distance != null) {
      var words = distance.split(" ");
      var ahead = Integer.parseInt(words[0].substring(1));
      var behind = Integer.parseInt(words[1].substring(1));
      if (ahead > 0) {
        findings.add(new Finding(Kind.UNPUSHED, commits(ahead) + " ahead of " + upstream));
      }
      if (behind > 0) {
        findings.add(new Finding(Kind.BEHIND, commits(behind) + " behind " + upstream));
      }
      return;
    }
    if (branch != null) {
      findings.add(new Finding(Kind.NO_UPSTREAM, branch));
    }
    if (git.ask("for-each-ref", "--contains", "HEAD", "--count=1", "refs/remotes").isEmpty()) {
      findings.add(
          new Finding(Kind.UNPUSHED, commit.substring(0, 12) + " is on no branch of a remote"));
    }
  }

  private static String commits(int count) {
    return count == 1 ? "1 commit" : count + " commits";
  }

  /** Submodules and LFS pointers in the commit. */
  private void tree(List<Finding> findings) {
    Map<String, String> small = new LinkedHashMap<>();
    for (var entry : git.list("ls-tree", "-r", "-l", "-z", "HEAD")) {
      var tab = entry.indexOf('\t');
      var fields = entry.substring(0, tab).trim().split(" +");
      var path = entry.substring(tab + 1);
      if (fields[1].equals("commit")) {
        findings.add(new Finding(Kind.SUBMODULE, path + " at " + fields[2].substring(0, 12)));
      } else if (fields[0].startsWith("100")) {
        var size = Long.parseLong(fields[3]);
        if (size >= SHORTEST_POINTER && size <= LONGEST_POINTER) {
          small.put(path, fields[2]);
        }
      }
    }
    if (!small.isEmpty()) {
      pointers(small).forEach(path -> findings.add(new Finding(Kind.LFS_POINTER, path)));
    }
  }

  private List<String> pointers(Map<String, String> objects) {
    var output =
        new String(
            git.feed(String.join("\n", objects.values()) + "\n", "cat-file", "--batch"),
            StandardCharsets.ISO_8859_1);
    List<String> pointers = new ArrayList<>();
    int at = 0;
    for (var path : objects.keySet()) {
      var end = output.indexOf('\n', at);
      var header = output.substring(at, end).split(" ");
      var size = Integer.parseInt(header[2]);
      if (output.startsWith(LFS, end + 1)) {
        pointers.add(path);
      }
      at = end + 1 + size + 1;
    }
    return pointers;
  }

  /** A packed file. */
  public record Packed(Path file, String sha256, long size) {}

  /**
   * Packs the committed project as tar.gz, with paths relative to the project.
   *
   * @param file written anew
   */
  public Packed archive(Path file) {
    return packed(file, true, git, "archive", "--format=tar", "HEAD");
  }

  /**
   * Writes everything that is not committed and not ignored as one diff on the commit, binary files
   * too; what it adds to the archive is the folder as it is. Changes inside submodules are not in
   * it.
   */
  public Packed diff(Path file) {
    Path scratch = null;
    try {
      scratch = Files.createTempDirectory("millrace-submit");
      var index = scratch.resolve("index");
      var own = path("index");
      if (Files.exists(own)) {
        // With its time: by that git knows which files may have changed unnoticed since it was
        // written.
        Files.copy(own, index, StandardCopyOption.COPY_ATTRIBUTES);
      }
      var objects = Files.createDirectories(scratch.resolve("objects"));
      // What is added goes to a copy of the index and to objects of our own.
      var beside =
          git.with(
              Map.of(
                  "GIT_INDEX_FILE", index.toString(),
                  "GIT_OBJECT_DIRECTORY", objects.toString(),
                  "GIT_ALTERNATE_OBJECT_DIRECTORIES", path("objects").toString()));
      beside.ask("add", "--all", "--", ".");
      return packed(
          file,
          false,
          beside,
          "diff",
          "--cached",
          "--binary",
          "--full-index",
          "--no-color",
          "--no-ext-diff",
          "--no-textconv",
          "--relative",
          "HEAD",
          "--",
          ".");
    } catch (IOException e) {
      throw new SubmitFailure("The changes could not be gathered: " + e.getMessage(), e);
    } finally {
      delete(scratch);
    }
  }

  private Path path(String inRepository) {
    return folder.resolve(git.ask("rev-parse", "--git-path", inRepository)).toAbsolutePath();
  }

  private static Packed packed(Path file, boolean zipped, Git git, String... arguments) {
    var digest = sha256();
    git.stream(output -> write(output, file, zipped, digest), arguments);
    try {
      return new Packed(file, HexFormat.of().formatHex(digest.digest()), Files.size(file));
    } catch (IOException e) {
      throw new SubmitFailure("Cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  private static void write(InputStream from, Path file, boolean zipped, MessageDigest digest)
      throws IOException {
    try (OutputStream bytes = new DigestOutputStream(Files.newOutputStream(file), digest);
        OutputStream out = zipped ? new GZIPOutputStream(bytes, 64 * 1024) : bytes) {
      from.transferTo(out);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static void delete(@Nullable Path folder) {
    if (folder == null) {
      return;
    }
    try {
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes unused)
                throws IOException {
              Files.delete(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure)
                throws IOException {
              Files.delete(visited);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException leftInTheTemporaryFolder) {
      return;
    }
  }
}
