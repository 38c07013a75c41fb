package io.millrace.cli.submit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.cli.submit.Finding.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real repositories in every state that somebody may submit from. */
class GitProjectTest {

  @TempDir Path folder;
  private Path remote;
  private Path project;

  @BeforeEach
  void cloneOfARemote() throws Exception {
    remote = folder.resolve("remote.git");
    project = folder.resolve("project");
    git(folder, "init", "-q", "--bare", "-b", "main", remote.toString());
    git(folder, "init", "-q", "-b", "main", project.toString());
    write("train.py", "print('train')\n");
    write("lib/model.py", "x = 1\n");
    write(".gitignore", "*.csv\n");
    git(project, "remote", "add", "origin", remote.toString());
    commit("first");
    git(project, "push", "-q", "--set-upstream", "origin", "main");
  }

  private void write(String path, String text) throws IOException {
    var file = project.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private void commit(String message) throws Exception {
    git(project, "add", "--all");
    git(project, "commit", "-q", "-m", message);
  }

  private static String git(Path where, String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                "git",
                "-c",
                "user.name=Ada",
                "-c",
                "user.email=ada@example.org",
                "-c",
                "protocol.file.allow=always",
                "-c",
                "commit.gpgsign=false"));
    command.addAll(Arrays.asList(arguments));
    var process =
        new ProcessBuilder(command).directory(where.toFile()).redirectErrorStream(true).start();
    var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(String.join(" ", command) + "\n" + said).isZero();
    return said.strip();
  }

  private GitProject.State state() {
    return GitProject.at(project).inspect();
  }

  private List<Finding> findings() {
    return state().findings();
  }

  @Test
  void findsNothingInACleanPushedClone() throws Exception {
    var state = state();
    assertThat(state.findings()).isEmpty();
    assertThat(state.dirty()).isFalse();
    assertThat(state.commit()).isEqualTo(git(project, "rev-parse", "HEAD"));
    assertThat(state.branch()).isEqualTo("main");
    assertThat(state.repository()).isEqualTo(remote.toString());
    assertThat(state.subdirectory()).isEmpty();
  }

  @Test
  void noticesStagedChanges() throws Exception {
    write("train.py", "print('other')\n");
    git(project, "add", "train.py");
    assertThat(findings()).containsExactly(new Finding(Kind.STAGED, "train.py"));
    assertThat(state().dirty()).isTrue();
  }

  @Test
  void noticesUnstagedChangesAndDeletions() throws Exception {
    write("train.py", "print('other')\n");
    Files.delete(project.resolve("lib/model.py"));
    assertThat(findings())
        .containsExactlyInAnyOrder(
            new Finding(Kind.UNSTAGED, "train.py"), new Finding(Kind.UNSTAGED, "lib/model.py"));
  }

  @Test
  void noticesUntrackedFilesButNotIgnoredOnes() throws Exception {
    write("new file ä.py", "");
    write("data.csv", "1\n");
    assertThat(findings()).containsExactly(new Finding(Kind.UNTRACKED, "new file ä.py"));
  }

  @Test
  void noticesRenamesOnce() throws Exception {
    git(project, "mv", "train.py", "fit.py");
    write("extra", "");
    assertThat(findings())
        .containsExactly(new Finding(Kind.STAGED, "fit.py"), new Finding(Kind.UNTRACKED, "extra"));
  }

  @Test
  void noticesConflicts() throws Exception {
    git(project, "checkout", "-q", "-b", "other");
    write("train.py", "a\n");
    commit("a");
    git(project, "checkout", "-q", "main");
    write("train.py", "b\n");
    commit("b");
    var merge = new ProcessBuilder("git", "merge", "other").directory(project.toFile()).start();
    assertThat(merge.waitFor()).isNotZero();
    assertThat(findings()).contains(new Finding(Kind.CONFLICT, "train.py"));
  }

  @Test
  void noticesCommitsThatAreNotPushed() throws Exception {
    write("train.py", "2\n");
    commit("second");
    assertThat(findings())
        .containsExactly(new Finding(Kind.UNPUSHED, "1 commit ahead of origin/main"));
    assertThat(state().dirty()).isFalse();
  }

  @Test
  void noticesABranchWithoutUpstream() throws Exception {
    git(project, "checkout", "-q", "-b", "mine");
    assertThat(findings()).containsExactly(new Finding(Kind.NO_UPSTREAM, "mine"));
    write("train.py", "2\n");
    commit("second");
    assertThat(findings())
        .extracting(Finding::kind)
        .containsExactly(Kind.UNPUSHED, Kind.NO_UPSTREAM);
  }

  @Test
  void noticesThatItIsBehind() throws Exception {
    write("train.py", "2\n");
    commit("second");
    git(project, "push", "-q");
    git(project, "reset", "-q", "--hard", "HEAD~1");
    assertThat(findings()).containsExactly(new Finding(Kind.BEHIND, "1 commit behind origin/main"));
  }

  @Test
  void noticesADetachedHead() throws Exception {
    git(project, "checkout", "-q", "--detach");
    assertThat(findings()).extracting(Finding::kind).containsExactly(Kind.DETACHED);
    assertThat(state().branch()).isNull();
    write("train.py", "2\n");
    commit("nowhere");
    assertThat(findings()).extracting(Finding::kind).containsExactly(Kind.UNPUSHED, Kind.DETACHED);
  }

  @Test
  void noticesThatThereIsNoRemote() throws Exception {
    git(project, "remote", "remove", "origin");
    assertThat(findings()).extracting(Finding::kind).containsExactly(Kind.NO_REMOTE);
    assertThat(state().repository()).isNull();
  }

  @Test
  void noticesAShallowClone() throws Exception {
    write("train.py", "2\n");
    commit("second");
    git(project, "push", "-q");
    var shallow = folder.resolve("shallow");
    git(folder, "clone", "-q", "--depth", "1", remote.toUri().toString(), shallow.toString());
    assertThat(GitProject.at(shallow).inspect().findings())
        .extracting(Finding::kind)
        .containsExactly(Kind.SHALLOW);
  }

  @Test
  void noticesPointersToLargeFiles() throws Exception {
    write(
        "weights.bin",
        "version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 12345\n"
            .formatted("ab".repeat(32)));
    write("like.txt", "not a pointer, but of about the same length: " + "x".repeat(90));
    commit("pointer");
    git(project, "push", "-q");
    assertThat(findings()).containsExactly(new Finding(Kind.LFS_POINTER, "weights.bin"));
  }

  @Test
  void noticesSubmodulesAndTheirChanges() throws Exception {
    git(project, "submodule", "--quiet", "add", remote.toUri().toString(), "sub");
    commit("submodule");
    git(project, "push", "-q");
    assertThat(findings()).extracting(Finding::kind).containsExactly(Kind.SUBMODULE);
    Files.writeString(project.resolve("sub/train.py"), "changed\n");
    assertThat(findings())
        .extracting(Finding::kind)
        .containsExactly(Kind.DIRTY_SUBMODULE, Kind.SUBMODULE);
    git(project.resolve("sub"), "checkout", "-q", "--", ".");
    Files.writeString(project.resolve("sub/untracked"), "");
    assertThat(findings()).contains(new Finding(Kind.DIRTY_SUBMODULE, "sub"));
    assertThat(state().dirty()).isTrue();
  }

  @Test
  void looksAtTheProjectsFolderOnly() throws Exception {
    write("elsewhere.py", "");
    var state = GitProject.at(project.resolve("lib")).inspect();
    assertThat(state.dirty()).isFalse();
    assertThat(state.subdirectory()).isEqualTo("lib");
    var archive = folder.resolve("lib.tar.gz");
    GitProject.at(project.resolve("lib")).archive(archive);
    assertThat(unpacked(archive, "lib-only").keySet()).containsExactly("model.py");
  }

  @Test
  void packsTheCommitAndNothingElse() throws Exception {
    write("train.py", "not committed\n");
    write("new.py", "");
    var archive = folder.resolve("project.tar.gz");
    var packed = GitProject.at(project).archive(archive);
    assertThat(packed.size()).isEqualTo(Files.size(archive));
    assertThat(unpacked(archive, "out"))
        .isEqualTo(
            new TreeMap<>(
                Map.of(
                    ".gitignore", "*.csv\n",
                    "lib/model.py", "x = 1\n",
                    "train.py", "print('train')\n")));
    assertThat(GitProject.at(project).archive(folder.resolve("again")).sha256())
        .as("the same commit is the same package")
        .isEqualTo(packed.sha256());
  }

  @Test
  void addsUpToTheFolderAsItIs() throws Exception {
    write("train.py", "staged\n");
    git(project, "add", "train.py");
    write("train.py", "staged, and changed again\n");
    Files.delete(project.resolve("lib/model.py"));
    write("new/file ä.txt", "new\n");
    Files.write(project.resolve("image.bin"), new byte[] {0, 1, 2, (byte) 0xff, 0});
    write("data.csv", "ignored\n");
    var before = git(project, "status", "--porcelain");
    var objects = git(project, "count-objects");
    var archive = folder.resolve("project.tar.gz");
    var diff = folder.resolve("uncommitted.diff");
    GitProject.at(project).archive(archive);
    assertThat(GitProject.at(project).diff(diff).size()).isPositive();
    assertThat(git(project, "status", "--porcelain"))
        .as("the index is as it was")
        .isEqualTo(before);
    assertThat(git(project, "count-objects")).as("nothing was added").isEqualTo(objects);
    var out = folder.resolve("out");
    unpacked(archive, "out");
    git(out, "apply", diff.toString());
    assertThat(tree(out))
        .containsEntry("train.py", "staged, and changed again\n")
        .containsEntry("new/file ä.txt", "new\n")
        .doesNotContainKeys("lib/model.py", "data.csv");
    assertThat(Files.readAllBytes(out.resolve("image.bin"))).containsExactly(0, 1, 2, 0xff, 0);
  }

  @Test
  void missesNoChangeOfTheSameLengthInTheSameSecond() throws Exception {
    var file = project.resolve("train.py");
    for (int i = 0; i < 5; i++) {
      write("train.py", "print('train')\n");
      git(project, "update-index", "--refresh");
      write("train.py", "print('other')\n");
      Files.setLastModifiedTime(file, Files.getLastModifiedTime(project.resolve(".git/index")));
      assertThat(state().dirty()).isTrue();
      assertThat(GitProject.at(project).diff(folder.resolve("diff")).size()).isPositive();
    }
  }

  @Test
  void neverShowsCredentials() throws Exception {
    git(
        project,
        "remote",
        "set-url",
        "origin",
        "https://ada:t0ken@git.example.org/x.git?private_token=s");
    assertThat(state().repository()).isEqualTo("https://git.example.org/x.git");
  }

  @ParameterizedTest
  @CsvSource({
    "https://t0ken@github.com/a/b.git, https://github.com/a/b.git",
    "https://oauth2:p%40ss@h:8443/a/b, https://h:8443/a/b",
    "ssh://git@h:22/a/b.git, ssh://git@h:22/a/b.git",
    "ssh://git:secret@h/a/b.git, ssh://git@h/a/b.git",
    "git@github.com:a/b.git, git@github.com:a/b.git",
    "/srv/git/a.git, /srv/git/a.git",
    "https://h/a@b/c.git#frag, https://h/a@b/c.git",
    "https://u:p@ss@h/a.git, https://h/a.git",
  })
  void leavesTheAddress(String given, String shown) {
    assertThat(RemoteUrl.withoutCredentials(given)).isEqualTo(shown);
  }

  @Test
  void saysWhereThereIsNothingToSubmit() throws Exception {
    var plain = Files.createDirectories(folder.resolve("plain"));
    assertThatThrownBy(() -> GitProject.at(plain))
        .isInstanceOf(SubmitFailure.class)
        .hasMessageContaining("not in a git repository");
    git(folder, "init", "-q", folder.resolve("empty").toString());
    assertThatThrownBy(() -> GitProject.at(folder.resolve("empty")))
        .isInstanceOf(SubmitFailure.class)
        .hasMessageContaining("no commit");
    assertThatThrownBy(() -> GitProject.at(folder.resolve("missing")))
        .isInstanceOf(SubmitFailure.class)
        .hasMessageContaining("not a folder");
    assertThatThrownBy(() -> GitProject.at(project, "no-such-git"))
        .isInstanceOf(SubmitFailure.class)
        .hasMessageContaining("The git program is missing");
  }

  private Map<String, String> unpacked(Path archive, String name) throws Exception {
    var out = Files.createDirectories(folder.resolve(name));
    var tar =
        new ProcessBuilder("tar", "-xzf", archive.toString(), "-C", out.toString())
            .inheritIO()
            .start();
    assertThat(tar.waitFor()).isZero();
    return tree(out);
  }

  private static Map<String, String> tree(Path out) throws IOException {
    Map<String, String> tree = new TreeMap<>();
    try (var files = Files.walk(out)) {
      for (var file : files.filter(Files::isRegularFile).toList()) {
        tree.put(
            out.relativize(file).toString(),
            new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
      }
    }
    return tree;
  }
}
