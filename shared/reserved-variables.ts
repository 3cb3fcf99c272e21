/**
 * Names of environment variables that somebody else reads: loaders, shells, interpreters, tools. An action's input that set
 * one would decide which code runs, or what a program does that never asked. No input may: `INPUT_<NAME>` is read by nobody
 * but the script. One family a line; `*` stands for any text. Compared in capitals, because some tools read both
 * (`http_proxy`).
 */

interface Family {
  /** The programs that obey them, in words that follow “because”. */
  who: string;
  names: string;
}

/** They act on every program, before its first line: on the shell around a script too. */
const AT_START: readonly Family[] = [
  // ld.so(8), dyld(1), glibc's unsecvars.h, sudo's env.c (also of AIX, HP-UX, IRIX).
  {
    who: 'the loader obeys it',
    names: 'LD_* DYLD_* _RLD* LDR_* LIBPATH SHLIB_PATH GCONV_PATH GETCONF_DIR GLIBC_TUNABLES SOTRUSS_*',
  },
  // bash(1) “Shell Variables”, dash(1), ksh(1): files, options and prompts that are run, and functions by name.
  { who: 'shells obey it', names: 'BASH* SHELLOPTS PS? PROMPT* ENV IFS _ PATH UID EUID PPID LINENO OPTIND OPTERR OPTARG' },
];

const FAMILIES: readonly Family[] = [
  ...AT_START,
  // Libraries that load what a variable names: OpenMP (OMPT), CUDA, SDL, Vulkan's loader, GTK, GStreamer, Qt, LADSPA/LV2, PKCS #11, MPI.
  {
    who: 'libraries load what it names',
    names:
      'OMP_* OMPI_* I_MPI_* MPI* CUDA_* NVIDIA_* SDL_* VK_* GTK* GDK_* GST_* GIO_* QT_* QML* LADSPA_* LV2_* DSSI_* VST_* P11_* SOFTHSM* PKCS11_* OPENSSL_* OCL_* OPENCL_* MESA_* LIBGL_* EGL_* GBM_* VDPAU_* LIBVA_*',
  },
  // … and more of these: SASL, ALSA, PulseAudio, PipeWire, GDAL, HDF5, ROCm, hwloc, NCCL, VLC, GEGL, frei0r, Imlib2, TBB, UCX, libfabric.
  {
    who: 'libraries load what it names',
    names:
      'SASL_* ALSA_* PULSE_* PIPEWIRE_* SPA_* GDAL_* OGR_* HDF5_* HSA_* HIP_* ROCR_* NCCL_* HWLOC_* UCX_* FI_* PMIX_* VLC_* GEGL_* BABL_* FREI0R_* IMLIB2_* TBB_* MKL_* KMP_* SYCL_* ZE_* LTTNG_* BABELTRACE_* WIRESHARK_* SANE_* CUPS_* LDAP* SNMP* MIBDIRS FONTCONFIG_*',
  },
  // Ghostscript, gnuplot, bc(1), dc(1), groff's relatives, direnv, asdf, mise, mutt, midnight commander: options, files and programs.
  {
    who: 'tools run or read what it names',
    names: 'GS_* GNUPLOT_* BC_ENV_ARGS DC_ENV_ARGS ENSCRIPT_* A2PS_* DIRENV_* ASDF_* MISE_* MUTT* MC_* STARSHIP_* TESSDATA_PREFIX',
  },
  // Racket, Chicken, Chez, MIT and Gambit Scheme, Octave, MATLAB, Dart, Swift, Zig, D, Lean: where they find code.
  {
    who: 'an interpreter obeys it',
    names: 'PLT* CHICKEN_* CHEZSCHEME* MITSCHEME_* GAMBOPT SBCL_* OCTAVE_* MATLAB* DART_* PUB_* SWIFT_* ZIG_* DUB_* LEAN_* HEX_* REBAR_*',
  },
  // autoconf's config.site, m4(1), perf(1), autossh(1), mailcap(5), ctags, screen(1), tmux(1).
  {
    who: 'tools run or read what it names',
    names: 'CONFIG_SITE CONFIG_SHELL M4* PERF_* AUTOSSH_* MAILCAPS MAILCAP CTAGS SCREENRC TMUX* STRACE* LTRACE* GDB* DEBUGINFOD_*',
  },
  // Ours, and what the script's own surroundings are made of (environ(7), the XDG base directories).
  { who: 'it belongs to Toru', names: 'TORU_* ADMIN_USERNAME ADMIN_PASSWORD STEERING_*' },
  {
    who: 'every program looks there',
    names: 'HOME USER USERNAME LOGNAME SHELL PWD OLDPWD TMPDIR TMP TEMP TEMPDIR TZ TZDIR LANG LANGUAGE LC_* MAIL XDG_* __* DISPLAY',
  },
  // glibc's unsecvars.h, resolv.conf(5), catopen(3), mallopt(3); sudo's env.c.
  {
    who: 'the C library obeys it',
    names:
      'ARGP_HELP_FMT DATEMSK GMON_OUT_PREFIX HES_* HESIOD_* HOSTALIASES I18NPATH LIBC_* LOCALDOMAIN LOCALE_ARCHIVE LOCPATH MALLOC* MEMUSAGE* MSGVERB MUSL_* NIS_* NLSPATH NSS_* PATH_LOCALE PCPROFILE_OUTPUT POSIXLY_CORRECT RESOLV_* RES_* SEGFAULT_* SEV_LEVEL ?SAN_OPTIONS UBSAN_OPTIONS',
  },
  // bash(1), zshparam(1), ksh(1), fish(1), readline(3).
  {
    who: 'shells obey it',
    names:
      'CDPATH DIRSTACK EXECIGNORE FCEDIT FIGNORE FISH_* FPATH FUNCNEST GLOBIGNORE GLOBSORT GROUPS HISTFILE* HISTSIZE HISTC* HISTIGNORE HISTTIMEFORMAT INPUTRC KSH* MAILCHECK MAILPATH MODULE_PATH NULLCMD RANDOM READNULLCMD RPROMPT RPS? SECONDS SPROMPT TIMEFMT TIMEFORMAT TMOUT TMPPREFIX ZDOTDIR ZSH*',
  },
  // python(1), pip, pipenv, poetry, uv, conda, Django's and Flask's manuals.
  {
    who: 'Python obeys it',
    names:
      'PYTHON* PYENV_* PYTEST_* PIP_* PIPENV_* PIPX_* POETRY_* UV_* VIRTUAL_ENV* CONDA* MAMBA_* IPYTHON* JUPYTER* MYPY* DJANGO_* FLASK_*',
  },
  // perlrun(1), ruby(1), gem, bundler, php(1), composer.
  { who: 'Perl obeys it', names: 'PERL* PAR_*' },
  { who: 'Ruby obeys it', names: 'RUBY* GEM_* BUNDLE_* BUNDLER_* RBENV_* RVM_* RAKE* IRBRC JRUBY_*' },
  { who: 'PHP obeys it', names: 'PHP* COMPOSER*' },
  // node(1), npm-config(7), yarn, pnpm, deno, bun.
  {
    who: 'Node and its like obey it',
    names: 'NODE_* NPM_* NPX_* YARN_* PNPM_* COREPACK_* NVM_* VOLTA_* DENO_* BUN_* TS_NODE_* ELECTRON_* ESBUILD_*',
  },
  // java(1) “JDK_JAVA_OPTIONS”, JVM TI “JAVA_TOOL_OPTIONS”, Maven, Gradle, Ant, sbt, Groovy.
  {
    who: 'Java obeys it',
    names: 'JAVA* JDK_* JRE_* _JAVA_* CLASSPATH MAVEN_* MVN_* GRADLE_* ANT_* SBT_* SCALA_* KOTLIN_* GROOVY_* CATALINA_*',
  },
  // go help environment, cargo's and rustup's books, dotnet's documentation, lua(1), R(1), erl(1), julia(1), gawk(1), tclsh(1).
  {
    who: 'Go obeys it',
    names:
      'GOROOT GOPATH GOBIN GOCACHE GOENV GOEXE GOFLAGS GOPROXY GOPRIVATE GONOPROXY GOSUMDB GONOSUMDB GOINSECURE GOMODCACHE GOTOOLCHAIN GOTMPDIR GOTOOLDIR GOVCS GOWORK GOAUTH GOOS GOARCH GOEXPERIMENT GODEBUG GOTRACEBACK GOGC GOMAXPROCS GOMEMLIMIT GO111MODULE GOCOVERDIR GOTELEMETRY GCCGO CGO_*',
  },
  { who: 'Rust obeys it', names: 'RUST* CARGO*' },
  { who: '.NET obeys it', names: 'DOTNET* CORECLR_* COR_* COMPLUS_* NUGET_* MSBUILD* MONO_* PSMODULEPATH POWERSHELL_* ASPNETCORE_*' },
  {
    who: 'an interpreter obeys it',
    names:
      'LUA* R_* RSCRIPT* ERL_* ELIXIR_* MIX_* JULIA_* AWKPATH AWKLIBPATH GAWK_* TCL* TK_* GUILE_* OCAML* CAML* GHC* STACK_ROOT STACK_YAML CABAL_* SWIPL* EMACS*',
  },
  // gcc(1) “Environment”, make's manual, cmake-env-variables(7), pkg-config(1), ccache(1).
  {
    who: 'compilers and builders obey it',
    names:
      'CC CXX CPP LD AR AS FC F77 NM RANLIB STRIP OBJCOPY ?*FLAGS LDLIBS LIBS CPATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH OBJC_* LIBRARY_PATH COMPILER_PATH GCC_* CLANG_* CMAKE_* CTEST_* MAKE MAKEFILES MAKELEVEL MAKE_* PKG_CONFIG* CCACHE* DISTCC* SCCACHE* NINJA_* BAZEL* MESON* ACLOCAL* AUTO*CONF AUTOMAKE LIBTOOL* DEBUGINFOD_* GDB* VALGRIND_*',
  },
  // git(1), hg's “environment”, svn, cvs(1), gh.
  { who: 'version control obeys it', names: 'GIT_* GH_* HG* SVN_* CVS* BZR* JJ_*' },
  // ssh(1), rsync(1), sudo(8), doas(1), curl(1), wget(1), openssl-env(7), kerberos(7), gpg(1), pass(1).
  {
    who: 'programs of the network obey it',
    names:
      'SSH* RSYNC_* SCP_* SFTP_* LFTP_* FTP* SUDO_* DOAS_* CURL* WGET* HTTPIE_* ARIA2_* NETRC NETRC_* *_PROXY OPENSSL* SSL_* SSLKEYLOGFILE GNUTLS_* REQUESTS_CA_BUNDLE KRB5* GSS_* GPG_* GNUPGHOME PINENTRY_* PASSWORD_STORE_* VAR_ACE USR_ACE DLC_ACE',
  },
  // environ(7), man(1), less(1), vim's “starting”, nano, mailx(1), systemd's ENVIRONMENT.md, apt.conf(5), dpkg(1), brew(1), nix.
  {
    who: 'editors and pagers obey it',
    names:
      'EDITOR VISUAL SELECTED_EDITOR ?*_EDITOR PAGER ?*PAGER LESS* MORE MANPATH MANOPT MANROFFOPT MANLESS MANWIDTH MANSECT MANPL MAN_* GROFF_* BROWSER ?*_BROWSER VIM* GVIM* EXINIT MYVIMRC NVIM_* MAILRC MAILER LYNX_* W3M* ELINKS_*',
  },
  {
    who: 'the system’s tools obey it',
    names:
      'SYSTEMD_* NOTIFY_SOCKET LISTEN_FDS LISTEN_PID LISTEN_FDNAMES DBUS_* DEBIAN_* DEBCONF_* DPKG_* APT_* RPM_* HOMEBREW_* NIX_* GUIX_* SNAP FLATPAK_* TERM TERM_* TERMCAP TERMINFO* TERMPATH COLORTERM NCURSES_* ESCDELAY SCREENRC SCREENDIR TMUX*',
  },
  // tar(1), gzip(1), bzip2(1), xz(1), zip(1), grep(1), ls(1), parallel(1), fzf(1), rg(1), ImageMagick, TeX's kpathsea.
  {
    who: 'common tools obey it',
    names:
      'TAR_* TAPE GZIP BZIP BZIP2 XZ_* ZSTD_* ZIP ZIPOPT UNZIP UNZIPOPT GREP_* LS_* DIFF_OPTIONS BLOCK_SIZE BLOCKSIZE QUOTING_STYLE TIME_STYLE VERSION_CONTROL SIMPLE_BACKUP_SUFFIX PARALLEL PARALLEL_* FZF_* RIPGREP_* BAT_* JQ_* MAGICK_* FFREPORT TEXINPUTS TEXMF* BIBINPUTS',
  },
  // GTK's “Running GTK applications”, GIO, GStreamer, Qt: modules that are loaded.
  { who: 'desktop libraries obey it', names: 'GTK_* GDK_* GIO_* GI_* GST_* QT_* QML* KDE* GSETTINGS_* XAUTHORITY ICEAUTHORITY WAYLAND_*' },
  // borg's, restic's and rclone's manuals: each has a variable with a command that is run; the clouds' and containers' CLIs.
  { who: 'backup programs obey it', names: 'BORG* RESTIC_* RCLONE_* DUPLICITY_* KOPIA_*' },
  {
    who: 'tools of clouds and containers obey it',
    names:
      'DOCKER_* BUILDKIT_* BUILDX_* COMPOSE_* PODMAN_* CONTAINER_HOST CONTAINER_SSHKEY CONTAINER_CONNECTION CONTAINERS_* KUBE* HELM_* AWS_* AZURE_* GOOGLE_* GCLOUD_* CLOUDSDK_* BOTO* ANSIBLE_* TF_* TERRAFORM_* TERRAGRUNT_* PULUMI_* VAULT_* CONSUL_* NOMAD_* PACKER_* VAGRANT_* HCLOUD_*',
  },
  // libpq's “Environment Variables”, psql(1), mysql(1), unixODBC, Oracle's client.
  { who: 'databases’ programs obey it', names: 'PG* PSQL* MYSQL* MARIADB_* SQLITE_* ODBC* ORACLE_* TNS_ADMIN REDISCLI_* MONGO*' },
];

function matcher(families: readonly Family[]): (name: string) => string | null {
  const tests = families.map(({ who, names }) => {
    const patterns = names.split(' ').map((name) => name.replaceAll('*', '.*').replaceAll('?', '.'));
    return { who, pattern: new RegExp(`^(?:${patterns.join('|')})$`) };
  });
  return (name) => tests.find(({ pattern }) => pattern.test(name.toUpperCase()))?.who ?? null;
}

/** Why no input may set this variable, in words that follow “because”; null when nobody but the script is known to read it. */
export function whyReserved(name: string): string | null {
  return isInputVariable(name) ? null : whoObeys(name);
}
const whoObeys = matcher(FAMILIES);

/** Does it act on every program before its first line, so that nothing that Toru starts may have it from a setting? */
export function actsAtStart(name: string): boolean {
  return name.toUpperCase() !== 'PATH' && whyAtStart(name) !== null;
}
const whyAtStart = matcher(AT_START);

/** Is it of the form that nobody but the script reads? Other names need a person who says that they mean it. */
export function isInputVariable(name: string): boolean {
  return /^INPUT_[A-Z0-9_]+$/.test(name);
}

/** A name that an input's variable can have instead. */
export function inputVariable(name: string): string {
  return `INPUT_${name
    .toUpperCase()
    .replace(/[^A-Z0-9_]/g, '_')
    .replace(/^_+(?=.)/, '')}`;
}
