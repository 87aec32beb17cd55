from tiketi.cli.main import main

main()
