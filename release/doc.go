// Command release makes everything that is given to users: binaries for every system,
// archives, packages, images, manifests, and what proves where all that comes from.
//
// # The law
//
//		binaries -> sboms -> archives, packages, images -> checksums -> manifests, provenance -> signatures
//
//	 1. A step reads what the steps before it have written into the output folder, and
//	    nothing else of the machine. No step knows the hour: every time is that of the
//	    source, [settings.Date]. The same source and the same toolchain make the same bytes
//	    in whatever folder.
//	 2. Only the slim image needs more than the source: Debian's packages of its base, which
//	    are asked for by name. Its bytes are those of the day. Nothing else uses the network,
//	    apart from modules that are not in the module cache yet.
//	 3. What is listed in SHA256SUMS is what is published. The manifests and the provenance
//	    are about those files, and made from that list. Signed are the list and the provenance,
//	    with the publisher's key if there is one.
//	 4. A failed step ends the command with status 1, after one line that says which. What
//	    it had written stays for whoever looks for the reason; the next run starts anew.
package main
