# Completion of hvcheck for fish.
set -l commands scan explain ddi capable ready facts dgreadiness help
complete -c hvcheck -f
complete -c hvcheck -s h -l help -d 'print the help'
complete -c hvcheck -s V -l version -d 'print the version'
complete -c hvcheck -n "not __fish_seen_subcommand_from $commands" -a scan -d 'evaluate drivers and folders of drivers'
complete -c hvcheck -n "not __fish_seen_subcommand_from $commands" -a explain -d 'say what a rule or counter means and how to fix it'
complete -c hvcheck -n "not __fish_seen_subcommand_from $commands" -a ddi -d 'show the table of impacted kernel functions'
complete -c hvcheck -n "not __fish_seen_subcommand_from $commands" -a capable -d 'tell whether a machine can turn memory integrity and Credential Guard on'
complete -c hvcheck -n "not __fish_seen_subcommand_from $commands" -a ready -d 'tell whether memory integrity, Credential Guard and Config-CI run'
complete -c hvcheck -n "not __fish_seen_subcommand_from $commands" -a facts -d 'gather what is known of a machine as JSON'
complete -c hvcheck -n "not __fish_seen_subcommand_from $commands" -a dgreadiness -d 'take the options of the readiness tool'
complete -c hvcheck -n "not __fish_seen_subcommand_from $commands" -a help -d 'print the help of a command'
complete -c hvcheck -n '__fish_seen_subcommand_from scan' -F
complete -c hvcheck -n '__fish_seen_subcommand_from scan' -l format -x -a 'text json ndjson' -d 'format of the report'
complete -c hvcheck -n '__fish_seen_subcommand_from scan' -s o -l output -r -F -d 'write the format named before to a file'
complete -c hvcheck -n '__fish_seen_subcommand_from scan' -s j -l jobs -x -a 'auto 1 2 4 8' -d 'files at once'
complete -c hvcheck -n '__fish_seen_subcommand_from scan' -l evidence -d 'show the instructions that a finding rests on'
complete -c hvcheck -n '__fish_seen_subcommand_from scan' -s q -l quiet -d 'only drivers that are not compatible'
complete -c hvcheck -n '__fish_seen_subcommand_from scan' -s v -l verbose -d 'also what is fine'
complete -c hvcheck -n '__fish_seen_subcommand_from scan' -l color -x -a 'auto always never' -d colours
complete -c hvcheck -n '__fish_seen_subcommand_from ddi' -l format -x -a 'text json' -d 'format of the table'
set -l machine '__fish_seen_subcommand_from capable ready facts'
set -l judge '__fish_seen_subcommand_from capable ready'
complete -c hvcheck -n $machine -F
complete -c hvcheck -n $machine -l facts -r -F -d 'take recorded facts'
complete -c hvcheck -n $machine -l root -x -a '(__fish_complete_directories)' -d 'look at the Windows in a folder'
complete -c hvcheck -n $machine -l sysroot -x -a '(__fish_complete_directories)' -d 'look at the Linux system in a folder'
complete -c hvcheck -n $machine -s o -l output -r -F -d 'write to a file'
complete -c hvcheck -n $judge -l hvci -d 'only memory integrity'
complete -c hvcheck -n $judge -l dg -d 'only Device Guard'
complete -c hvcheck -n $judge -l cg -d 'only Credential Guard'
complete -c hvcheck -n $judge -l format -x -a 'text json' -d 'format'
complete -c hvcheck -n $judge -l log -r -F -d 'append the text to a file'
complete -c hvcheck -n $judge -l no-registry -d 'do not write to the registry'
complete -c hvcheck -n $judge -l color -x -a 'auto always never' -d colours
complete -c hvcheck -n '__fish_seen_subcommand_from capable' -l hlk -d 'as strict as the Hardware Lab Kit'
complete -c hvcheck -n '__fish_seen_subcommand_from capable facts' -l with-verifier -d 'also read the counts of Driver Verifier'
complete -c hvcheck -n '__fish_seen_subcommand_from capable facts' -s j -l jobs -x -a 'auto 1 2 4 8' -d 'files at once'
complete -c hvcheck -n '__fish_seen_subcommand_from dgreadiness' -a '-Capable -Ready -Enable -Disable -Clear -ResetVerifier -HVCI -DG -CG -HLK -AutoReboot -SIPolicyPath -Path'
complete -c hvcheck -n '__fish_seen_subcommand_from explain' -a "(hvcheck explain 2>/dev/null | string match -r '^\S+')"
complete -c hvcheck -n '__fish_seen_subcommand_from ddi' -a "(hvcheck ddi 2>/dev/null | string match -r '^\S+' | string match -v NAME)"
complete -c hvcheck -n '__fish_seen_subcommand_from help' -a "$commands"
